import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Image, openStore, type Store } from "@lithify/oci";
import { audit, type Identity, identitiesOf, inspectImage, modelOf } from "@lithify/seal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Case, readCasesAt } from "../../seal/test/case-file.ts";
import { imageOf } from "../../seal/test/fixture.ts";
import { openDockerEngine } from "../src/docker/docker-engine.ts";
import type { Engine } from "../src/engine.ts";
import { openLocalEngine } from "../src/local/engine.ts";
import { type ProveReport, prove } from "../src/proof/prove.ts";
import { missingDaemon, startDaemon, type TestDaemon } from "./support/docker-daemon.ts";
import { missingPart } from "./support/machine.ts";

const cases = readCasesAt(new URL("./cases/kernel/", import.meta.url));

/**
 * Images at the edges of the model, audited and then attacked on both engines. A case says under `-- kernel` what the
 * kernel does (ENGINE OPERATION PATH ANSWER) and under `-- audit` whether the image is immutable; the model must never
 * have said the contrary of what was observed, and an image in which anything was allowed is never immutable.
 */
describe.skipIf(missingPart !== undefined)("images at the edges of the model", () => {
  let directory: string;
  let store: Store;
  let daemon: TestDaemon | undefined;
  const engines: Engine[] = [];
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "lithify-cases-"));
    store = await openStore(join(directory, "store"));
    engines.push(await openLocalEngine({ store, stateDirectory: join(directory, "state") }));
    if (missingDaemon !== undefined) return;
    daemon = await startDaemon();
    engines.push(await openDockerEngine({ store, socketPath: daemon.socketPath }));
  });
  afterAll(async () => {
    await daemon?.close();
    await rm(directory, { recursive: true, force: true });
  });

  it.each(cases.map((each) => [each.name, each] as const))("%s", async (_, each) => {
    const image = await imageOf(store, each.layers, each.config, each.xattrs);
    const { identities, immutable, model } = await audited(image, each);
    const wanted = each.section("kernel").map((line) => line.split(" "));
    for (const engine of engines) {
      const [only = engine.name] = each.section("engine");
      if (only !== engine.name) continue;
      const fitting = identities.filter((one) => isGivenBy(engine, one));
      if (fitting.length === 0) continue;
      const options = { policy: model.policy, identities: fitting, model };
      const report = await prove(engine, image, options);
      const expected = wanted.filter(([name]) => name === engine.name || name === "both");
      const seen = expected.map(([name, operation = "", path = ""]) =>
        [name, operation, path, observed(report, operation, path)].join(" "),
      );
      expect({
        engine: engine.name,
        seen,
        disagreements: report.disagreements,
        residue: report.residue,
        isMissed: immutable && !report.immutable,
      }).toEqual({
        engine: engine.name,
        seen: expected.map((words) => words.join(" ")),
        disagreements: [],
        residue: [],
        isMissed: false,
      });
    }
    expect(each.section("audit")).toEqual([immutable ? "immutable" : "mutable"]);
  });
});

async function audited(image: Image, each: Case) {
  const { tree, contents } = await inspectImage(image);
  const text = (name: string) => each.section(name).join("\n");
  const accounts = { passwd: text("passwd"), group: text("group") };
  const policy = { ...each.policy, identities: each.section("as") };
  const identities = await identitiesOf(image, tree, policy, [], accounts);
  const model = modelOf({ tree, contents, config: image.config, policy, accounts });
  const { immutable } = await audit(image, { policy, identities, tree, contents });
  return { identities, immutable, model };
}

/** Docker gives a user other than root no effective capabilities. */
function isGivenBy(engine: Engine, { uid, capabilities }: Identity): boolean {
  return engine.name !== "docker" || uid === 0 || capabilities.length === 0;
}

function observed(report: ProveReport, operation: string, path: string): string {
  const found = report.attempts.filter((one) => one.operation === operation && one.path === path);
  return found.some((one) => one.observed === "allowed")
    ? "allowed"
    : (found[0]?.observed ?? "not tried");
}
