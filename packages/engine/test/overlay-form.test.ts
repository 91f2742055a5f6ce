import { readTar, type TarEntry, type TarInput, writeTar } from "@lithify/oci";
import { describe, expect, it } from "vitest";
import {
  type LowerTree,
  layerFromOverlay,
  overlayFromLayer,
  type TarMember,
} from "../src/root/overlay-form.ts";
import { entry, file } from "./support/test-images.ts";

const opaque = new Map([["trusted.overlay.opaque", Buffer.from("y")]]);
const whiteout = { device: { major: 0, minor: 0 } } as const;

/** What is below: a directory of its own mode, a file in it, and another file. */
const lower = lowerOf([
  entry("d", "directory", { mode: 0o700, uid: 7 }),
  file("d/old", "old"),
  file("top", "top", { mode: 0o600 }),
]);

describe("a layer in the form of overlayfs", () => {
  it.each<[string, readonly TarInput[], readonly string[]]>([
    ["an ordinary file", [file("a", "x")], ["a file 644"]],
    ["a whiteout", [file(".wh.top", "")], ["top character 0 0:0"]],
    ["a whiteout of nothing", [file(".wh.none", "")], []],
    [
      "implied parents",
      [file("d/new", "n"), file("e/new", "n")],
      ["d directory 700", "d/new file 644", "e directory 755", "e/new file 644"],
    ],
    [
      "an opaque mark",
      [entry("d", "directory"), file("d/.wh..wh..opq", "")],
      ["d directory 755", "d directory 755 opaque"],
    ],
    [
      "an object removed and made again",
      [file(".wh.d", ""), entry("d", "directory"), file("d/new", "n")],
      ["d directory 755", "d/new file 644", "d directory 755 opaque"],
    ],
    [
      "an opaque root",
      [file(".wh..wh..opq", ""), file("top", "n")],
      ["top file 644", "d character 0 0:0"],
    ],
    [
      "a hard link to a lower file",
      [entry("l", "hardlink", { target: "top" })],
      ["top file 600", "l hardlink 644"],
    ],
    ["files of AUFS", [file(".wh..wh.aufs", ""), file(".wh..wh.plnk/x", "")], []],
    ["attributes that would steer an overlay", [file("a", "", { xattrs: opaque })], ["a file 644"]],
  ])("%s", async (_, members, expected) => {
    expect(await described(overlayFromLayer(membersOf(members), lower))).toEqual(expected);
  });

  it.each<[string, readonly TarInput[]]>([
    ["leaves the root", [file("a/../../b", "")]],
    ["reaches through a link", [entry("s", "symlink", { target: "d" }), file("s/x", "")]],
    ["reaches through a lower file", [file("top/x", "")]],
    ["hides above the root", [file(".wh...", "")]],
    ["links to nothing", [entry("l", "hardlink", { target: "none" })]],
    ["links to a directory", [entry("l", "hardlink", { target: "d" })]],
  ])("refuses an entry that %s", async (_, members) => {
    await expect(described(overlayFromLayer(membersOf(members), lower))).rejects.toMatchObject({
      code: "LAYER_UNSAFE",
    });
  });
});

describe("an upper directory as a layer", () => {
  const isBelow = async (path: string) => (await lower.read(path)) !== undefined;

  it("says whiteouts and opaque directories as OCI does, where they hide something", async () => {
    const upper = [
      entry("", "directory"),
      entry("d", "directory", { xattrs: opaque }),
      entry("d/old", "character", whiteout),
      entry("fresh", "directory", { xattrs: opaque }),
      entry("never", "character", whiteout),
      file("noted", "x", {
        xattrs: new Map([
          ["user.a", Buffer.from("b")],
          ["trusted.overlay.origin", Buffer.of(0)],
        ]),
      }),
      entry("null", "character", { device: { major: 1, minor: 3 } }),
    ];
    expect(await described(layerFromOverlay(membersOf(upper), isBelow))).toEqual([
      "d directory 755",
      "d/.wh..wh..opq file 600",
      "d/.wh.old file 600",
      "fresh directory 755",
      "noted file 644 user.a",
      "null character 644 1:3",
    ]);
  });
});

function membersOf(inputs: readonly TarInput[]): AsyncIterable<TarMember> {
  return readTar(writeTar(inputs));
}

function lowerOf(inputs: readonly TarInput[]): LowerTree {
  return {
    read: async (path) => {
      for await (const member of membersOf(inputs))
        if (member.entry.path === path) return { entry: member.entry, body: bytesOf(inputs, path) };
      return undefined;
    },
    topNames: async () => ["d", "top"],
  };
}

async function* bytesOf(inputs: readonly TarInput[], path: string): AsyncGenerator<Uint8Array> {
  const body = inputs.find((input) => input.entry.path === path)?.body;
  if (body instanceof Uint8Array) yield body;
}

/** As the archive that is written says it. */
async function described(inputs: AsyncIterable<TarInput>): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const { entry: found } of readTar(writeTar(inputs))) lines.push(lineOf(found));
  return lines;
}

function lineOf({ path, type, mode, device, xattrs }: TarEntry): string {
  const names = [...xattrs.keys()].map((name) =>
    name === "trusted.overlay.opaque" ? "opaque" : name,
  );
  const numbers = type === "character" ? [`${device?.major}:${device?.minor}`] : [];
  return [path, type, mode.toString(8), ...numbers, ...names].join(" ");
}
