import { type TarInput, type Tree, treeFromTar, writeTar } from "@lithify/oci";
import { describe, expect, it } from "vitest";
import { residueOf } from "../src/proof/residue.ts";
import { entry, file } from "./support/test-images.ts";

const before = [
  entry("d", "directory"),
  file("d/a", "same size"),
  entry("l", "symlink", { target: "d" }),
];

describe("what a proof left behind", () => {
  it.each<[string, readonly TarInput[], readonly string[]]>([
    ["nothing", before, []],
    ["a file", [...before, file("d/b", "")], ["added /d/b"]],
    ["a missing file", before.slice(0, 1).concat(before.slice(2)), ["removed /d/a"]],
    [
      "other content of the same size and time",
      [before[0]!, file("d/a", "SAME SIZE"), before[2]!],
      ["changed /d/a"],
    ],
    [
      "another time of a file",
      [before[0]!, file("d/a", "same size", { mtime: 1 }), before[2]!],
      ["changed /d/a"],
    ],
    [
      "another time of a directory",
      [entry("d", "directory", { mtime: 1 }), before[1]!, before[2]!],
      [],
    ],
    [
      "another mode",
      [entry("d", "directory", { mode: 0o775 }), before[1]!, before[2]!],
      ["changed /d"],
    ],
    [
      "an attribute",
      [
        before[0]!,
        file("d/a", "same size", { xattrs: new Map([["user.x", Buffer.from("1")]]) }),
        before[2]!,
      ],
      ["changed /d/a"],
    ],
  ])("%s", async (_, after, expected) => {
    const found = residueOf("web", await treeOf(before), await treeOf(after));
    expect(found.map(({ kind, path }) => `${kind} ${path}`)).toEqual(expected);
  });
});

function treeOf(inputs: readonly TarInput[]): Promise<Tree> {
  return treeFromTar(writeTar(inputs));
}
