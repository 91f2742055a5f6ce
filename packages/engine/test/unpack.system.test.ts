import { readdirSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { isFault } from "@lithify/fault";
import { replayLayers, type TarInput, type Tree } from "@lithify/oci";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPrograms, mustRun } from "../src/host/program.ts";
import { unmountBelow } from "../src/root/overlay.ts";
import { unpackLayers } from "../src/root/unpack.ts";
import { missingPart } from "./support/machine.ts";
import { linesOf, mountedTree } from "./support/merged-tree.ts";
import { entry, file, openTestStore, type TestStore } from "./support/test-images.ts";

/** cap_net_bind_service=ep, as capabilities(7) has it on disk. */
const capability = Buffer.from("0100000200040000000000000000000000000000", "hex");
/** user::rwx user:100:rwx group::r-x mask::rwx other::r-x, as in linux/posix_acl_xattr.h. */
const accessList = Buffer.from(
  "0200000001000700ffffffff020007006400000004000500ffffffff10000700ffffffff20000500ffffffff",
  "hex",
);

const everything: readonly TarInput[] = [
  entry("", "directory", { mode: 0o711, uid: 3, gid: 4 }),
  entry("d", "directory", { mode: 0o2770, uid: 1000, gid: 60 }),
  file("d/set-id", "x", { mode: 0o4755, uid: 5 }),
  file("d/capable", "y", { mode: 0o755, xattrs: new Map([["security.capability", capability]]) }),
  file("d/noted", "z", { xattrs: new Map([["user.note", Buffer.from([0, 255, 10])]]) }),
  file("d/shared", "acl", {
    mode: 0o775,
    xattrs: new Map([["system.posix_acl_access", accessList]]),
  }),
  entry("d/link", "symlink", { target: "../../outside", mode: 0o777 }),
  entry("d/pipe", "fifo", { mode: 0o622 }),
  entry("d/null", "character", { device: { major: 1, minor: 3 }, mode: 0o666 }),
  entry("d/again", "hardlink", { target: "d/set-id", mode: 0o4755, uid: 5 }),
  entry("sticky", "directory", { mode: 0o1777 }),
  file(`long-${"n".repeat(150)}/${"m".repeat(120)}`, "long"),
  file("näme \udcff\udc80", "bytes that are no UTF-8"),
  entry("private", "directory", { mode: 0o700, uid: 7 }),
  file("private/a", "a"),
  file("private/b", "b"),
  entry("old", "directory"),
  file("old/inner", "inner"),
  entry("alias", "symlink", { target: "old", mode: 0o777 }),
];

const cases: Readonly<Record<string, readonly (readonly TarInput[])[]>> = {
  "every type of object": [everything],
  "a whiteout of a file and one of a directory": [
    everything,
    [file("d/.wh.set-id", ""), file(".wh.old", "")],
  ],
  "a whiteout of what is not there": [
    everything,
    [file(".wh.nothing", ""), file("no/.wh.thing", "")],
  ],
  "whiteouts in the lowest layer": [
    [file("a/.wh.b", ""), file("a/c", "c"), file("a/.wh..wh..opq", "")],
  ],
  "an object that is removed and made again in one layer": [
    everything,
    [file(".wh.old", ""), entry("old", "directory", { mode: 0o750 }), file("old/other", "o")],
  ],
  "an opaque directory, marked after its content": [
    everything,
    [entry("d", "directory"), file("d/new", "n"), file("d/.wh..wh..opq", "")],
  ],
  "an opaque directory that only lower layers have": [
    everything,
    [file("private/.wh..wh..opq", "")],
  ],
  "a file where a directory was, and the other way round": [
    everything,
    [file("old", "now a file"), entry("private/a", "directory"), file("private/a/x", "x")],
  ],
  "a directory where a link was": [everything, [entry("alias", "directory"), file("alias/x", "x")]],
  "an opaque root": [everything, [file("d/kept", "k"), file(".wh..wh..opq", "")]],
  "directories implied where everything was hidden": [
    [entry("p", "directory", { mode: 0o700 }), entry("p/q", "directory", { mode: 0o700, uid: 9 })],
    [file("p/q/x", "x"), file(".wh.p", "")],
  ],
  "implied parents keep what they are below": [
    everything,
    [file("private/c", "c"), file("new/deep/x", "x")],
  ],
  "bare directory headers": [
    everything,
    [entry("d", "directory", { mode: 0o755 }), entry("private", "directory", { mode: 0o755 })],
  ],
  "a hard link to a file of a lower layer": [
    everything,
    [entry("private/hard", "hardlink", { target: "private/b" })],
  ],
  "changes upon changes": [
    everything,
    [file(".wh.old", ""), file("d/.wh.pipe", "")],
    [file("old/back", "b"), entry("d/pipe", "directory"), file("d/pipe/x", "x")],
    [file("old/.wh.back", ""), file("d/.wh..wh..opq", ""), file("d/last", "l")],
  ],
};

describe.skipIf(missingPart !== undefined)("layers on disk", () => {
  let test: TestStore;
  beforeAll(async () => {
    test = await openTestStore();
  });
  afterAll(() => test.remove());

  it.each(Object.entries(cases))("the kernel shows what replay says: %s", async (_, archives) => {
    const layers = [];
    for (const archive of archives) layers.push(await test.layer(archive));
    expect(linesOf(await mountedTree(test, layers))).toEqual(linesOf(await replayLayers(layers)));
  });

  it("the kernel shows what replay says, or unpacking refuses: any layers", async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(archives, { minLength: 1, maxLength: 4 }), async (many) => {
        const layers = [];
        for (const archive of many) layers.push(await test.layer(archive));
        const replayed = await unlessRefused(replayLayers(layers));
        fc.pre(replayed !== undefined);
        const mounted = await unlessRefused(mountedTree(test, layers));
        if (replayed === undefined || mounted === undefined) return;
        expect(linesOf(mounted)).toEqual(linesOf(replayed));
        compared += 1;
      }),
      { numRuns: 40 },
    );
    expect(compared).toBeGreaterThan(10);
  });

  it.each<[string, readonly TarInput[]]>([
    ["leaves the root", [file("../escape", "x")]],
    ["reaches through a link", [entry("l", "symlink", { target: "/tmp" }), file("l/x", "x")]],
    ["reaches through a link of a lower layer", [file("alias/x", "x")]],
    ["is a hard link to nothing", [entry("h", "hardlink", { target: "no/thing" })]],
    ["is a hard link out of the root", [entry("h", "hardlink", { target: "../etc/passwd" })]],
    [
      "comes twice as different things",
      [entry("t", "symlink", { target: "/tmp" }), file("t", "x")],
    ],
  ])("refuses an entry that %s, with nothing left behind", async (_, archive) => {
    const layers = [await test.layer(everything), await test.layer(archive)];
    const cache = test.store.cacheDirectory("unpacked");
    await expect(unpackLayers(test.store, findPrograms(process.env), layers)).rejects.toMatchObject(
      {
        code: "LAYER_UNSAFE",
      },
    );
    const left = readdirSync(cache).flatMap((boot) => readdirSync(join(cache, boot)));
    expect(left.filter((name) => name.startsWith("."))).toEqual([]);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(cache);
  });

  it("says that the disk is full, and leaves nothing half-unpacked", async () => {
    const programs = findPrograms(process.env);
    const directory = join(test.directory, "small-disk");
    await mkdir(directory);
    await mustRun("mount", programs.mount, ["-t", "tmpfs", "-o", "size=512k", "tmpfs", directory]);
    try {
      const store = { cacheDirectory: () => directory };
      await expect(unpackLayers(store, programs, [test.base])).rejects.toMatchObject({
        code: "DISK_FULL",
        exitCode: 3,
      });
      const [boot = ""] = readdirSync(directory);
      expect(readdirSync(join(directory, boot))).toEqual([]);
    } finally {
      await unmountBelow(programs, directory);
    }
  });

  it("unpacks a layer once, also when many ask at the same time", async () => {
    const layers = [
      await test.layer([file("once", "once")]),
      await test.layer([file("twice", "2")]),
    ];
    const programs = findPrograms(process.env);
    const many = await Promise.all([1, 2, 3].map(() => unpackLayers(test.store, programs, layers)));
    expect(new Set(many.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(linesOf(await mountedTree(test, layers))).toEqual(linesOf(await replayLayers(layers)));
  });
});

async function unlessRefused(tree: Promise<Tree>): Promise<Tree | undefined> {
  try {
    return await tree;
  } catch (cause) {
    if (isFault(cause, "LAYER_UNSAFE")) return undefined;
    throw cause;
  }
}

const names = fc.constantFrom("a", "b", "c");
const paths = fc.array(names, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
const modes = fc.constantFrom(0o700, 0o755, 0o777);
const members: fc.Arbitrary<TarInput> = fc.oneof(
  fc
    .record({ path: paths, mode: modes })
    .map(({ path, mode }) => entry(path, "directory", { mode })),
  fc.record({ path: paths, text: fc.string() }).map(({ path, text }) => file(path, text)),
  paths.map((path) => entry(path, "symlink", { target: "a/b", mode: 0o777 })),
  fc
    .record({ path: paths, target: paths })
    .map(({ path, target }) => entry(path, "hardlink", { target })),
  paths.map((path) => file(path.replace(/[^/]+$/, ".wh.$&"), "")),
  paths.map((path) => file(`${path}/.wh..wh..opq`, "")),
);
const archives = fc.array(members, { minLength: 1, maxLength: 6 });
