import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Image } from "@lithify/oci";
import { type Policy, writeVolume } from "@lithify/seal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDockerEngine } from "../../src/docker/docker-engine.ts";
import type { Engine } from "../../src/engine.ts";
import { writeVolumeDirectory } from "../../src/volume/volume-directory.ts";
import { missingDaemon, startDaemon, type TestDaemon } from "../support/docker-daemon.ts";
import { entry, file, openTestStore, type TestStore } from "../support/test-images.ts";

const missing =
  missingDaemon ??
  (readFileSync("/proc/filesystems", "utf8").includes("\terofs\n")
    ? undefined
    : "the kernel has no EROFS");
if (missing !== undefined) process.stderr.write(`volumes on Docker are not tried: ${missing}\n`);

const policy: Policy = {
  profile: "generic",
  trees: [],
  writable: ["/config/run"],
  identities: ["web"],
};

describe.skipIf(missing !== undefined)("volumes on the Docker engine", () => {
  let test: TestStore;
  let daemon: TestDaemon;
  let engine: Engine;
  let image: Image;
  const at = (name: string) => join(test.directory, name);
  const kept = () => {
    const directory = join(at("state"), "docker-volumes");
    return existsSync(directory) ? readdirSync(directory) : [];
  };

  beforeAll(async () => {
    test = await openTestStore();
    daemon = await startDaemon();
    const env = { ...process.env, LITHIFY_STATE: at("state") };
    engine = await openDockerEngine({ store: test.store, socketPath: daemon.socketPath, env });
    image = await test.image();
    const source = await test.image({}, [
      await test.layer([
        entry("config", "directory", { mode: 0o775, uid: 100 }),
        file("config/a.cfg", "from the volume\n", { mode: 0o666, uid: 100 }),
      ]),
    ]);
    const from = { store: test.store, image: source, policy, paths: ["/config"] };
    await writeVolume(at("volume.img"), from);
    await writeVolumeDirectory(at("volume"), from);
  });
  afterAll(async () => {
    await daemon.close();
    await test.remove();
  });

  it.each(["volume.img", "volume"])("%s is bound read-only and compared", async (name) => {
    const volumes = [{ source: at(name) }];
    const run = await engine.run({ image, volumes, writable: ["/config/run"] });
    const instance = await engine.find(run.name);
    try {
      const sh = async (script: string) =>
        (await run.exec(["/bin/sh", "-c", script], { user: "0" })).stdout;
      expect(await sh("cat /config/a.cfg; stat -c '%a %u:%g' /config/a.cfg")).toBe(
        "from the volume\n644 0:0\n",
      );
      expect(
        await sh("echo x 2>/dev/null >/config/a.cfg; chmod 777 /config; cat /config/a.cfg"),
      ).toBe("from the volume\n");
      expect(await sh("echo x > /config/run/pid; cat /config/run/pid")).toBe("x\n");
      const mount = (await run.facts()).mounts.findLast(({ target }) => target === "/config");
      expect(mount?.readOnly).toBe(true);
      const [trees] = (await instance?.volumeTrees()) ?? [];
      expect(trees?.live?.at("/config/a.cfg")).toMatchObject({
        digest: trees?.sealed?.at("/config/a.cfg")?.digest,
      });
      expect(kept().length).toBe(1);
    } finally {
      await run.stop({ graceSeconds: 0 });
    }
    expect(kept()).toEqual([]);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(at("state"));
  });

  it("that a killed command mounted are released by the next one", async () => {
    const left = join(at("state"), "docker-volumes", "4194304-1-abcdef", "volume-0");
    mkdirSync(left, { recursive: true });
    spawnSync("mount", ["-t", "tmpfs", "tmpfs", left]);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).toContain(left);
    await engine.list();
    expect(kept()).toEqual([]);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(left);
  });

  it("are refused when they are not as sealed, and nothing is left", async () => {
    const bytes = readFileSync(at("volume.img"));
    bytes.writeUInt8(bytes.readUInt8(1300) ^ 1, 1300);
    await writeFile(at("flipped.img"), bytes);
    const before = (await engine.list()).length;
    for (const spec of [
      { source: at("flipped.img") },
      { source: at("volume.img"), expected: "0".repeat(64) },
      { source: at("volume"), expected: "0".repeat(64) },
    ])
      await expect(engine.run({ image, volumes: [spec] })).rejects.toMatchObject({
        code: "VOLUME_INVALID",
      });
    expect([kept(), (await engine.list()).length]).toEqual([[], before]);
  });
});
