import { join } from "node:path";
import { type Image, replayLayers, type TarInput, type Tree } from "@lithify/oci";
import { defaultPolicy, identitiesOf, modelOf, type Policy } from "@lithify/seal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../src/engine.ts";
import { openLocalEngine } from "../src/local/engine.ts";
import { attack } from "../src/proof/attack.ts";
import { type ProveReport, prove } from "../src/proof/prove.ts";
import { residueWatch } from "../src/proof/residue.ts";
import { leftovers, missingPart } from "./support/machine.ts";
import { expectSideRoutes, observedOn, proveSideRoutes } from "./support/side-routes.ts";
import { entry, file, openTestStore, type TestStore } from "./support/test-images.ts";

/** A tree as a checkout under umask 002 leaves it, with what chmod alone does not mend. */
const careless: readonly TarInput[] = [
  entry("app", "directory", { mode: 0o775 }),
  entry("app/config", "directory", { mode: 0o2775 }),
  file("app/config/main.cfg", "listen 8080\n", { mode: 0o664 }),
  file("app/config/owned.cfg", "owned by the user that runs\n", { mode: 0o444, uid: 100 }),
  file("app/config/name \udcff", "bytes that are no UTF-8\n"),
  entry("app/config/dangling", "symlink", { target: "../made/later", mode: 0o777 }),
  entry("app/config/current", "symlink", { target: "main.cfg", mode: 0o777 }),
  entry("app/spool", "directory", { mode: 0o1777 }),
  file("app/spool/job", "of root\n"),
  entry("app/hidden", "directory", { mode: 0o700 }),
  entry("app/hidden/work", "directory", { mode: 0o777 }),
  file("app/hidden/work/open.txt", "reachable from the working directory only\n", { mode: 0o666 }),
  entry("app/pipe", "fifo", { mode: 0o666 }),
];

describe.skipIf(missingPart !== undefined)("prove", () => {
  let test: TestStore;
  let engine: Engine;
  beforeAll(async () => {
    test = await openTestStore();
    engine = await openLocalEngine({
      store: test.store,
      stateDirectory: join(test.directory, "state"),
    });
  });
  afterAll(async () => {
    expect(await engine.list()).toEqual([]);
    await test.remove();
  });

  const proofOf = async (
    image: Image,
    names: readonly string[],
    more: {
      readonly readOnly?: boolean;
      readonly policy?: Partial<Policy>;
      readonly tree?: Tree;
    } = {},
  ): Promise<ProveReport> => {
    const tree = more.tree ?? (await replayLayers(image.layers));
    const policy = { ...(await defaultPolicy(image)), ...more.policy };
    const all = await identitiesOf(image, tree, policy, names);
    const identities = all.filter(({ name }) => names.includes(name));
    const model = modelOf({ tree, config: image.config, policy });
    const readOnly = more.readOnly === true;
    return prove(engine, image, { policy, identities, model, readOnly });
  };
  const observed = (report: ProveReport, operation: string, path: string) =>
    report.attempts.find((one) => one.operation === operation && one.path === path)?.observed;

  it("agrees with the model on a careless image, and leaves it as it was", async () => {
    const image = await test.image({ WorkingDir: "/app/hidden/work" }, [
      await test.layer(careless),
    ]);
    const names = ["web", "web:60", "1000770000:0", "4711:4711"];
    const report = await proofOf(image, names);
    expect(report.disagreements).toEqual([]);
    expect(report.residue).toEqual([]);
    expect(report.immutable).toBe(false);
    expect(report.identities.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
    expect(report.attempts.length).toBeGreaterThan(300);
    expect(observed(report, "open-write", "/app/config/main.cfg")).toBe("allowed");
    expect(observed(report, "chmod", "/app/config/owned.cfg")).toBe("allowed");
    expect(observed(report, "rename", "/app/config/name \udcff")).toBe("allowed");
    expect(observed(report, "link-target", "/app/config/dangling")).toBe("allowed");
    expect(observed(report, "create", "/app/spool")).toBe("allowed");
    expect(observed(report, "rename", "/app/spool/job")).toBe("denied");
    expect(observed(report, "open-write", "/app/hidden/work/open.txt")).toBe("allowed");
    expect(observed(report, "open-write", "/bin/busybox")).toBe("denied");
    for (const { observed: what, why } of report.attempts)
      if (what === "inconclusive") expect(why).toBeDefined();
  });

  it("finds nothing allowed where the root is read-only too, but to write into a pipe", async () => {
    const image = await test.image({}, [await test.layer(careless)]);
    const report = await proofOf(image, ["web"], { readOnly: true });
    const allowed = report.attempts.filter((one) => one.observed === "allowed");
    expect(allowed.map(({ path }) => path)).toEqual(["/app/pipe"]);
    expect(report.attempts.map(({ errno }) => errno)).toContain("EROFS");
    expect(report.disagreements).toEqual([]);
  });

  it("says so when the model is wrong", async () => {
    const image = await test.image({}, [await test.layer(careless)]);
    const other = await test.image({}, [
      await test.layer(
        careless.map((one) => ({ ...one, entry: { ...one.entry, uid: 1, gid: 1 } })),
      ),
    ]);
    const tree = await replayLayers(other.layers);
    const report = await proofOf(image, ["web"], { tree });
    expect(report.disagreements).toContainEqual(
      expect.objectContaining({
        operation: "open-write",
        path: "/app/config/main.cfg",
        expected: "denied",
        observed: "allowed",
        because: expect.arrayContaining([expect.stringContaining("/app/config/main.cfg")]),
      }),
    );
    for (const [operation, path] of [
      ["link", "/app/config/main.cfg"],
      ["set-attribute", "/app/config/main.cfg"],
      ["remove-acl", "/app/config/owned.cfg"],
      ["same-flags", "/app/config/owned.cfg"],
    ])
      expect(report.disagreements).toContainEqual(
        expect.objectContaining({ operation, path, expected: "denied", observed: "allowed" }),
      );
  });

  it("needs nothing in the image: neither a shell nor a directory", async () => {
    const only = await test.layer([file("data", "x", { mode: 0o666 })]);
    const image = await test.store.writeImage({
      config: { architecture: "amd64", os: "linux", config: { User: "5:5" } },
      layers: [only],
    });
    const report = await proofOf(image, ["5:5"]);
    expect(report.disagreements).toEqual([]);
    expect(observed(report, "open-write", "/data")).toBe("allowed");
    expect(observed(report, "create", "/")).toBe("denied");
  });

  it("agrees with the model for identities with capabilities, groups and without no_new_privs", async () => {
    const image = await test.image({}, [await test.layer(careless)]);
    const names = [
      "root",
      "4711:4711,cap=CAP_CHOWN",
      "4711:4711,cap=CAP_FOWNER",
      "4711:4711,cap=CAP_DAC_READ_SEARCH,nnp=off",
      "4711:4711,cap=CAP_DAC_OVERRIDE,bound=CAP_CHOWN",
      "0:0,bound=none",
      "web:60+0,27,nnp=off",
      "kubernetes(runAsUser=4711 runAsGroup=3 fsGroup=0 supplementalGroupsPolicy=Strict)",
      "openshift",
    ];
    const report = await proofOf(image, names);
    expect(report.disagreements).toEqual([]);
    expect(report.residue).toEqual([]);
    expect(report.mounts).toEqual([]);
    expect(report.identities.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
    const as = (name: string, operation: string, path: string) =>
      report.attempts.find(
        (one) => one.identity === name && one.operation === operation && one.path === path,
      )?.observed;
    expect(as("root", "open-write", "/bin/busybox")).not.toBe("denied");
    expect(as(names[2] ?? "", "chmod", "/bin/busybox")).toBe("allowed");
    expect(as(names[4] ?? "", "create", "/app/hidden")).toBe("allowed");
    expect(as("openshift", "open-write", "/app/config/main.cfg")).toBe("allowed");
    const settings = report.attempts.filter(({ route }) => route === "kernel-setting");
    expect(settings.filter(({ observed: what }) => what === "allowed")).toEqual([]);
    expect(settings.map(({ observed: what }) => what)).toContain("denied");
  });

  it("tries links, attributes, ACLs, flags, volumes, user namespaces and programs that give rights", async () => {
    const held = "100:100";
    const free = "100:100,nnp=off";
    const report = await proveSideRoutes(engine, test, [held, free]);
    const on = (route: string, identity = held) => observedOn(report, identity, route);
    expectSideRoutes(report, held);
    expect(on("user-namespace")).toEqual({ "/": "denied" });
    expect(on("set-id")).toEqual({ "/su": "denied", "/wall": "denied" });
    expect(on("set-id", free)).toEqual({ "/su": "allowed", "/wall": "allowed" });
    expect(on("file-capability")).toEqual({ "/capable": "denied" });
    expect(on("file-capability", free)).toEqual({ "/capable": "allowed" });
    const ran = report.attempts.filter(({ operation }) => operation === "execute-as");
    expect(ran.map(({ why }) => why)).toEqual(
      expect.arrayContaining([
        "as 100:100 with no capabilities",
        "as 100:5 with no capabilities",
        "as 100:100 with CAP_DAC_OVERRIDE,CAP_FOWNER",
      ]),
    );
  });

  it("is not led astray by the image's environment", async () => {
    const image = await test.image({
      Env: ["NODE_OPTIONS=--require=/srv/evil.js", "LD_PRELOAD=/srv/evil.so"],
    });
    expect((await proofOf(image, ["web"])).disagreements).toEqual([]);
  });

  it("tells what was left behind", async () => {
    const spec = { image: await test.image(), writableRoot: true };
    const instance = await engine.run(spec);
    const residueAfter = await residueWatch(instance, "web", () => engine.run(spec));
    expect(await residueAfter()).toEqual([]);
    const [overwritten, created] = ["/srv/index.html", "/srv/planted"];
    await attack(instance, [
      { operation: "overwrite", path: overwritten, keep: true },
      { operation: "create", path: created, keep: true },
    ]);
    expect(await residueAfter()).toEqual([
      { identity: "web", path: overwritten, kind: "changed" },
      { identity: "web", path: created, kind: "added" },
    ]);
    await instance.stop({ graceSeconds: 0 });
  });

  it("attacks a running instance with real changes, and puts them back unless told to keep them", async () => {
    const image = await test.image();
    const attacks = [
      { operation: "overwrite", path: "/srv/index.html" },
      { operation: "create", path: "/srv/planted" },
      { operation: "rename", path: "/srv/index.html" },
      { operation: "chmod", path: "/srv/index.html" },
      { operation: "overwrite", path: "/srv/closed/page" },
    ] as const;
    const mutable = await engine.run({ image, mutable: true });
    const before = await mutable.snapshot();
    expect((await attack(mutable, attacks)).map((one) => one.observed)).toEqual([
      "allowed",
      "allowed",
      "allowed",
      "denied",
      "denied",
    ]);
    const digestOf = (tree: Tree) => tree.at("/srv/index.html")?.digest;
    expect(digestOf(await mutable.snapshot())).toBe(digestOf(before));
    await attack(mutable, [{ ...attacks[0], keep: true }]);
    expect(digestOf(await mutable.snapshot())).not.toBe(digestOf(before));
    await mutable.stop({ graceSeconds: 0 });

    const sealed = await engine.run({ image });
    const results = await attack(sealed, attacks);
    expect(results.map(({ observed: what, errno }) => [what, errno])).toEqual(
      attacks.map(() => ["denied", "EROFS"]),
    );
    await sealed.stop({ graceSeconds: 0 });
    expect(leftovers([mutable.id, sealed.id])).toEqual([]);
  });
});
