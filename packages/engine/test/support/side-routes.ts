import { replayLayers } from "@lithify/oci";
import { defaultPolicy, identitiesOf, modelOf } from "@lithify/seal";
import { expect } from "vitest";
import type { Engine } from "../../src/engine.ts";
import { type ProveReport, prove } from "../../src/proof/prove.ts";
import { entry, file, type TestStore } from "./test-images.ts";

/** CAP_DAC_OVERRIDE and CAP_FOWNER, effective, as setcap(8) writes them. */
const capable = Buffer.from("010000020a000000000000000000000000000000", "hex");

/** Routes 10, 11, 13, 17 to 19, 27 and 31 in an image that holds no program at all. */
export async function proveSideRoutes(
  engine: Engine,
  test: TestStore,
  names: readonly string[],
): Promise<ProveReport> {
  const layer = await test.layer([
    entry("app", "directory", { mode: 0o777 }),
    file("app/open", "x", { mode: 0o666 }),
    file("app/owned", "x", { mode: 0o444, uid: 100 }),
    file("app/shut", "x"),
    entry("app/spool", "directory", { mode: 0o1777 }),
    file("app/spool/job", "x", { mode: 0o666 }),
    entry("data", "directory", { uid: 100 }),
    entry("kept", "directory"),
    file("su", "x", { mode: 0o4755 }),
    file("wall", "x", { mode: 0o2755, gid: 5 }),
    file("capable", "x", { mode: 0o755, xattrs: new Map([["security.capability", capable]]) }),
    file("of-five", "x", { mode: 0o664, gid: 5 }),
  ]);
  const Volumes = { "/data": {}, "/kept": {} };
  const config = {
    architecture: "amd64",
    os: "linux",
    config: { User: "100:100", Volumes },
  };
  const image = await test.store.writeImage({ config, layers: [layer] });
  const tree = await replayLayers(image.layers);
  const policy = await defaultPolicy(image);
  const all = await identitiesOf(image, tree, policy, names);
  const identities = all.filter(({ name }) => names.includes(name));
  const model = modelOf({ tree, config: image.config, policy });
  const report = await prove(engine, image, { policy, identities, model });
  expect(report.disagreements).toEqual([]);
  expect(report.residue).toEqual([]);
  return report;
}

/** What any engine shows of an identity that gains nothing, on the routes that need no program. */
export function expectSideRoutes(report: ProveReport, identity: string): void {
  const on = (route: string) => observedOn(report, identity, route);
  expect(on("hard-link-out")).toMatchObject({
    "/app/open": "allowed",
    "/app/shut": "denied",
    "/app/spool/job": "inconclusive",
  });
  expect(on("attribute")).toMatchObject({
    "/app": "allowed",
    "/app/open": "allowed",
    "/app/owned": "denied",
    "/app/spool": "denied",
  });
  const ofOwner = { "/app/owned": "allowed", "/app/open": "denied", "/app": "denied" };
  expect(on("acl-change")).toMatchObject(ofOwner);
  expect(on("inode-flags")).toMatchObject(ofOwner);
  expect(on("volume")).toEqual({ "/data": "allowed", "/kept": "denied" });
}

/** What was observed of one identity on one route, by path. */
export function observedOn(
  report: ProveReport,
  identity: string,
  route: string,
): Readonly<Record<string, string>> {
  const found = report.attempts.filter(
    (attempt) => attempt.identity === identity && attempt.route === route,
  );
  return Object.fromEntries(found.map(({ path, observed }) => [path, observed]));
}
