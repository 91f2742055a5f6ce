import type { VolumeTrees } from "@lithify/engine";
import { digestOf, type Tree, treeFromNodes } from "@lithify/oci";
import { describe, expect, it } from "vitest";
import { volumeChanges } from "../src/volume-changes.ts";

const volume: VolumeTrees["volume"] = {
  source: "/srv/config.img",
  form: "file",
  target: "/config",
  tree: "/opt/config",
  identity: "ab".repeat(32),
  verified: "at-mount",
  kept: "/run/volume.img",
};
const mounted = { mounts: [{ target: "/config", type: "erofs", readOnly: true }] };

function treeOf(content: string, more: readonly string[] = []): Tree {
  const paths = ["/config/a.cfg", ...more];
  return treeFromNodes(
    paths.map((path, index) => ({
      ...({ path, type: "file", mode: 0o644, uid: 0, gid: 0, mtime: 0, layer: -1 } as const),
      ...{ size: content.length, digest: digestOf(content), xattrs: new Map(), inode: index + 1 },
    })),
  );
}

const look = (trees: Partial<VolumeTrees>, facts = mounted, writable: readonly string[] = []) =>
  volumeChanges([{ volume, sealed: treeOf("a"), live: treeOf("a"), ...trees }], facts, writable);

describe("a mounted volume", () => {
  it("is declared, with its root hash, while it is as sealed", () => {
    expect(look({})).toEqual([
      {
        kind: "mount",
        class: "declared",
        path: "/config",
        is: `volume, read-only, root hash sha256:${volume.identity}, verified when mounted`,
      },
    ]);
  });

  it("has drifted where its content is another, or is gone", () => {
    const violations = (trees: Partial<VolumeTrees>, writable: readonly string[] = []) =>
      look(trees, mounted, writable)
        .filter((change) => change.class === "violation")
        .map(({ kind, path }) => [kind, path]);
    expect(violations({ live: treeOf("b") })).toEqual([["content", "/config/a.cfg"]]);
    expect(violations({ live: treeOf("a", ["/config/b"]) })).toEqual([["added", "/config/b"]]);
    expect(violations({ live: treeOf("a", ["/config/b"]) }, ["/config/b"])).toEqual([]);
    expect(violations({ live: undefined })).toEqual([["removed", "/config"]]);
    expect(violations({ sealed: undefined })).toEqual([["content", "/config"]]);
  });

  it("has drifted where the mount is gone, writable, or hidden by another", () => {
    for (const mounts of [
      [],
      [{ target: "/config", type: "erofs", readOnly: false }],
      [...mounted.mounts, { target: "/config", type: "tmpfs", readOnly: false }],
    ])
      expect(look({}, { mounts })).toMatchObject([{ kind: "mount", class: "violation" }]);
  });
});
