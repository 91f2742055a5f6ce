import { replayLayers } from "@lithify/oci";
import { defaultPolicy, identitiesOf, modelOf } from "@lithify/seal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDockerEngine } from "../src/docker/docker-engine.ts";
import type { Engine } from "../src/engine.ts";
import { attack } from "../src/proof/attack.ts";
import { prove } from "../src/proof/prove.ts";
import { engineContract } from "./contract.ts";
import { missingDaemon, startDaemon, type TestDaemon } from "./support/docker-daemon.ts";
import { leftovers } from "./support/machine.ts";
import { expectSideRoutes, observedOn, proveSideRoutes } from "./support/side-routes.ts";
import { entry, file, openTestStore, type TestStore } from "./support/test-images.ts";

engineContract("docker", missingDaemon, async () => {
  const test = await openTestStore();
  const daemon = await startDaemon();
  return {
    engine: await openDockerEngine({ store: test.store, socketPath: daemon.socketPath }),
    image: await test.image(),
    leftovers,
    close: async () => {
      await daemon.close();
      await test.remove();
    },
  };
});

describe("docker engine", () => {
  it("says where it looked for a daemon", async () => {
    const test = await openTestStore();
    const opened = openDockerEngine({ store: test.store, socketPath: "/no/such/socket" });
    await expect(opened).rejects.toMatchObject({
      code: "DAEMON_UNREACHABLE",
      values: { socket: "/no/such/socket" },
    });
    const env = { DOCKER_HOST: "tcp://127.0.0.1:2375" };
    await expect(openDockerEngine({ store: test.store, env })).rejects.toMatchObject({
      code: "DAEMON_UNREACHABLE",
    });
    await test.remove();
  });
});

describe.skipIf(missingDaemon !== undefined)("proof on the Docker engine", () => {
  let test: TestStore;
  let daemon: TestDaemon;
  let engine: Engine;
  beforeAll(async () => {
    test = await openTestStore();
    daemon = await startDaemon();
    engine = await openDockerEngine({ store: test.store, socketPath: daemon.socketPath });
  });
  afterAll(async () => {
    const left = (await engine.list()).map(({ name }) => name);
    await daemon.close();
    await test.remove();
    expect(left).toEqual([]);
  });

  it("refuses what Docker gives nobody: capabilities of a user other than root", async () => {
    const image = await test.image();
    const as = { uid: 5, gid: 5, groups: [], capabilities: ["CAP_CHOWN"], noNewPrivileges: true };
    await expect(engine.run({ image, as })).rejects.toMatchObject({ code: "IDENTITY_DIFFERS" });
  });

  it.each([
    ["with a shell", true],
    ["with nothing but a file", false],
  ])("agrees with the model in an image %s, and leaves it as it was", async (_, hasShell) => {
    const careless = [
      entry("app", "directory", { mode: 0o775 }),
      file("app/main.cfg", "listen 8080\n", { mode: 0o664 }),
      file("app/owned", "of the user that runs\n", { mode: 0o444, uid: 100 }),
    ];
    const more = [await test.layer(careless)];
    const config = { architecture: "amd64", os: "linux", config: { User: "100:0" } };
    const image = hasShell
      ? await test.image({}, more)
      : await test.store.writeImage({ config, layers: more });
    const tree = await replayLayers(image.layers);
    const policy = await defaultPolicy(image);
    const names = hasShell ? ["web", "4711:4711+0,nnp=off", "0:0,cap=CAP_KILL"] : ["100:0"];
    const all = await identitiesOf(image, tree, policy, names);
    const identities = all.filter(({ name }) => names.includes(name));
    const model = modelOf({ tree, config: image.config, policy });
    const report = await prove(engine, image, { policy, identities, model });
    expect(report.disagreements).toEqual([]);
    expect(report.residue).toEqual([]);
    expect(report.immutable).toBe(false);
    const allowed = report.attempts.filter(({ observed }) => observed === "allowed");
    expect(allowed.map(({ path }) => path)).toEqual(
      expect.arrayContaining(["/app/main.cfg", "/app/owned"]),
    );
  });

  it("tries links, attributes, flags, volumes and programs that give rights, where the image has none", async () => {
    const held = "100:100";
    const free = "100:100,nnp=off";
    const report = await proveSideRoutes(engine, test, [held, free]);
    const on = (route: string, identity = held) => observedOn(report, identity, route);
    expectSideRoutes(report, held);
    const given = { "/su": "allowed", "/wall": "allowed" };
    expect([on("set-id"), on("set-id", free)]).toEqual([
      { "/su": "denied", "/wall": "denied" },
      given,
    ]);
    expect(on("file-capability", free)).toEqual({ "/capable": "allowed" });
  });

  it("attacks a running container, where open files of the machine go in", async () => {
    const image = await test.image();
    const attacks = [
      { operation: "overwrite", path: "/srv/index.html" },
      { operation: "chmod", path: "/srv/index.html" },
    ] as const;
    const mutable = await engine.run({ image, mutable: true });
    const sealed = await engine.run({ image });
    const outcome = async (one: typeof sealed) =>
      (await attack(one, attacks)).map(({ observed, errno }) => errno ?? observed);
    expect(await outcome(mutable)).toEqual(["allowed", "EPERM"]);
    expect(await outcome(sealed)).toEqual(["EROFS", "EROFS"]);
    await mutable.stop({ graceSeconds: 0 });
    await sealed.stop({ graceSeconds: 0 });
  });

  it("keeps access control lists and the layers' own paths in a snapshot", async () => {
    // Version 2; owner rw, user 100 rw, group r, mask rw, others r (acl(5), posix_acl_xattr.h).
    const entries =
      "01000600ffffffff 0200060064000000 04000400ffffffff 10000600ffffffff 20000400ffffffff";
    const acl = Buffer.from(`02000000${entries.replaceAll(" ", "")}`, "hex");
    const xattrs = new Map([["system.posix_acl_access", acl]]);
    const image = await test.image({ WorkingDir: "/made/by/engine" }, [
      await test.layer([file("shared", "x", { mode: 0o664, xattrs })]),
    ]);
    const instance = await engine.run({ image, writable: ["/var/spool/x"] });
    const tree = await instance.snapshot();
    const sealed = await replayLayers(image.layers);
    expect([...tree].map(({ path }) => path)).toEqual([...sealed].map(({ path }) => path));
    const found = tree.at("/shared")?.xattrs.get("system.posix_acl_access");
    expect(Buffer.from(found ?? []).toString("hex")).toBe(acl.toString("hex"));
    expect(await instance.touched()).toEqual([]);
    await instance.stop({ graceSeconds: 0 });
  });
});
