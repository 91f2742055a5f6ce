import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { chmod, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Image } from "@lithify/oci";
import { type Policy, type WrittenVolume, writeVolume } from "@lithify/seal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLocalEngine } from "../../src/local/engine.ts";
import { checkVolumeDirectory, writeVolumeDirectory } from "../../src/volume/volume-directory.ts";
import { leftovers, missingPart } from "../support/machine.ts";
import { entry, file, openTestStore, type TestStore } from "../support/test-images.ts";

const missing =
  missingPart ??
  (readFileSync("/proc/filesystems", "utf8").includes("\terofs\n")
    ? undefined
    : "the kernel has no EROFS");
if (missing !== undefined) process.stderr.write(`volumes are not mounted here: ${missing}\n`);

const policy: Policy = {
  profile: "generic",
  trees: [
    { path: "/srv", directories: 0o755, files: 0o644 },
    { path: "/config", directories: 0o755, files: 0o644 },
  ],
  writable: ["/tmp"],
  identities: ["web"],
};

describe.skipIf(missing !== undefined)("volumes", () => {
  let test: TestStore;
  let image: Image;
  let source: Image;
  let written: WrittenVolume;
  const at = (name: string) => join(test.directory, name);
  const engine = () => openLocalEngine({ store: test.store, stateDirectory: at("state") });

  beforeAll(async () => {
    test = await openTestStore();
    image = await test.image();
    const config = [
      entry("config", "directory", { mode: 0o775, uid: 100 }),
      file("config/a.cfg", "from the volume\n", { mode: 0o666, uid: 100 }),
      file("config/tool", "#!/bin/sh\n", { mode: 0o4755 }),
      entry("config/b", "symlink", { target: "a.cfg", mode: 0o777 }),
      entry("config/c", "hardlink", { target: "config/a.cfg", mode: 0o666, uid: 100 }),
      file("srv/index.html", "volume\n", { mode: 0o664 }),
    ];
    source = await test.image({}, [await test.layer(config)]);
    written = await writeVolume(at("volume.img"), { store: test.store, image: source, policy });
    await writeVolumeDirectory(at("volume"), { store: test.store, image: source, policy });
  });
  afterAll(() => test.remove());

  it.each(["volume.img", "volume"])(
    "%s lies over the image's trees, and nothing of it can be changed",
    async (name) => {
      const volumes = [{ source: at(name) }];
      const instance = await (await engine()).run({ image, volumes, writable: ["/tmp"] });
      try {
        const sh = (script: string, user = "web") =>
          instance.exec(["/bin/sh", "-c", script], { user });
        expect((await sh("cat /config/a.cfg /srv/index.html; ls /srv")).stdout).toBe(
          "from the volume\nvolume\nclosed\nindex.html\n",
        );
        expect((await sh("stat -c '%a %u:%g' /config /config/a.cfg /config/tool")).stdout).toBe(
          "755 0:0\n644 0:0\n644 0:0\n",
        );
        for (const change of [
          "echo x > /config/a.cfg",
          "touch /config/new",
          "rm /srv/index.html",
          "chmod 777 /config",
        ])
          expect([change, (await sh(change, "0")).exitCode]).toEqual([change, 1]);
        const facts = await instance.facts();
        const mounts = facts.mounts.filter(({ target }) => ["/config", "/srv"].includes(target));
        expect(mounts.map(({ readOnly }) => readOnly)).toEqual([true, true]);
        expect(mountLines(name)).toEqual([]);
        for (const { sealed, live } of await instance.volumeTrees()) {
          const paths = (tree: typeof live) => [...(tree ?? [])].map(({ path }) => path);
          expect(paths(live)).toEqual(paths(sealed));
        }
        expect(instance.volumes.map(({ target }) => target).sort()).toEqual(["/config", "/srv"]);
      } finally {
        await instance.stop({ graceSeconds: 0 });
      }
      expect(leftovers([instance.id])).toEqual([]);
      expect(loopDevices(instance.id)).toEqual([]);
    },
  );

  /** Mounts of the image's own file: the engine mounts a copy. */
  const mountLines = (name: string) =>
    readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .filter((line) => line.includes(`${at(name)}.img `));
  const loopDevices = (id: string) =>
    spawnSync("losetup", ["--list", "--noheadings", "--output", "BACK-FILE"], { encoding: "utf8" })
      .stdout.split("\n")
      .filter((line) => line.includes(id));

  it("are mounted from a copy: whoever changes the file afterwards changes nothing", async () => {
    const own = at("own.img");
    await writeFile(own, await readFile(at("volume.img")));
    const volumes = [{ source: own, expected: written.rootHash }];
    const instance = await (await engine()).run({ image, volumes });
    await writeFile(own, Buffer.alloc(written.bytes, "x"));
    const { stdout } = await instance.exec(["/bin/cat", "/config/a.cfg"]);
    await instance.stop({ graceSeconds: 0 });
    expect(stdout).toBe("from the volume\n");
  });

  it("start nothing when they are not as sealed, and leave nothing behind", async () => {
    const bytes = await readFile(at("volume.img"));
    bytes.writeUInt8(bytes.readUInt8(1300) ^ 1, 1300);
    await writeFile(at("flipped.img"), bytes);
    await writeFile(at("short.img"), bytes.subarray(0, 9000));
    const refuse = async (source: string, expected?: string) => {
      const spec = expected === undefined ? { source } : { source, expected };
      const running = await engine();
      await expect(running.run({ image, volumes: [spec] })).rejects.toMatchObject({
        code: "VOLUME_INVALID",
      });
      expect(await running.list()).toEqual([]);
    };
    await refuse(at("flipped.img"));
    await refuse(at("short.img"));
    await refuse(at("volume.img"), "0".repeat(64));
    await refuse(at("volume"), "0".repeat(64));
    const path = join(at("volume"), "tree/config/a.cfg");
    await chmod(path, 0o664);
    await refuse(at("volume"));
    await chmod(path, 0o644);
    await rename(join(at("volume"), "seal.json"), at("seal.json"));
    await refuse(at("volume"));
    await rename(at("seal.json"), join(at("volume"), "seal.json"));
  });

  it("take a target where they have one tree", async () => {
    await writeVolume(at("one.img"), {
      store: test.store,
      image: source,
      policy,
      paths: ["/config"],
    });
    const running = await engine();
    const instance = await running.run({
      image,
      volumes: [{ source: at("one.img"), target: "/mnt/here" }],
    });
    const { stdout } = await instance.exec(["/bin/cat", "/mnt/here/a.cfg"]);
    await instance.stop({ graceSeconds: 0 });
    expect(stdout).toBe("from the volume\n");
    for (const [source, target] of [
      [at("volume.img"), "/x"],
      [at("one.img"), "/"],
      [at("one.img"), "/a/../b"],
      [at("nothing"), "/x"],
    ] as const)
      await expect(running.run({ image, volumes: [{ source, target }] })).rejects.toMatchObject({
        code: "MOUNT_INVALID",
      });
  });

  it("keep a writable path inside them writable", async () => {
    const loose: Policy = { ...policy, trees: [], writable: ["/config/run"] };
    const from = { store: test.store, image: source, policy: loose, paths: ["/config"] };
    await writeVolume(at("loose.img"), from);
    const spec = { image, volumes: [{ source: at("loose.img") }], writable: loose.writable };
    const instance = await (await engine()).run(spec);
    const script =
      "echo x > /config/run/pid && cat /config/run/pid /config/a.cfg; touch /config/no";
    const { stdout } = await instance.exec(["/bin/sh", "-c", script]);
    await instance.stop({ graceSeconds: 0 });
    expect(stdout).toBe("x\nfrom the volume\n");
  });

  it("as a directory have exact modes and owners, whatever the umask is, and name what differs", async () => {
    const before = process.umask(0o077);
    await writeVolumeDirectory(at("other"), { store: test.store, image: source, policy });
    process.umask(before);
    const read = async (name: string) => await readFile(join(at(name), "seal.json"), "utf8");
    expect(await read("other")).toBe(await read("volume"));
    expect((await stat(join(at("other"), "tree/config/a.cfg"))).mode & 0o7777).toBe(0o644);
    expect((await stat(at("other"))).mode & 0o7777).toBe(0o755);
    expect((await checkVolumeDirectory(at("other"))).changes).toEqual([]);
    await writeFile(join(at("other"), "tree/config/a.cfg"), "other\n");
    await writeFile(join(at("other"), "tree/srv/new"), "");
    const { changes } = await checkVolumeDirectory(at("other"));
    expect(changes.map(({ path, kind }) => `${kind} ${path}`)).toEqual([
      "content /config/a.cfg",
      "content /config/c",
      "added /srv/new",
    ]);
  });

  it("as a directory are never written over something, and leave nothing half-made", async () => {
    const from = { store: test.store, image: source, policy };
    await expect(writeVolumeDirectory(at("volume"), from)).rejects.toMatchObject({
      code: "VOLUME_UNWRITABLE",
    });
    const paths = ["/nowhere"];
    await expect(writeVolumeDirectory(at("no"), { ...from, paths })).rejects.toMatchObject({
      code: "VOLUME_UNSUPPORTED",
    });
    await expect(writeVolumeDirectory(at("x/y"), from)).rejects.toMatchObject({
      code: "VOLUME_UNWRITABLE",
    });
    expect((await readdir(test.directory)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});
