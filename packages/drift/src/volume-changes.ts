import type { InstanceFacts, VolumeTrees } from "@lithify/engine";
import type { Change } from "./change.ts";
import { treeChanges } from "./tree-changes.ts";

/**
 * The mounted volumes against their seals: that each is there, read-only and unchanged. A mount as it should be is
 * declared, with its root hash. `writable` are the policy's writable paths, links resolved.
 */
export function volumeChanges(
  volumes: readonly VolumeTrees[],
  facts: Pick<InstanceFacts, "mounts">,
  writable: readonly string[],
): readonly Change[] {
  return volumes.flatMap((each) => [mountChange(each, facts), ...contentChanges(each, writable)]);
}

/** The last mount of a target is the one that counts. */
function mountChange({ volume }: VolumeTrees, facts: Pick<InstanceFacts, "mounts">): Change {
  const { target: path, form, identity, verified } = volume;
  const mount = facts.mounts.findLast(({ target }) => target === path);
  const hash = form === "file" ? "root hash" : "Merkle root";
  const was = `volume, read-only, ${hash} sha256:${identity}`;
  if (mount?.readOnly === true) {
    const when = verified === "every-read" ? "verified at every read" : "verified when mounted";
    return { kind: "mount", class: "declared", path, is: `${was}, ${when}` };
  }
  const is = mount === undefined ? "no mount" : `${mount.type}, writable`;
  return { kind: "mount", class: "violation", path, was, is };
}

function contentChanges(
  { volume, sealed, live }: VolumeTrees,
  writable: readonly string[],
): readonly Change[] {
  const { target: path, identity } = volume;
  const violation = { kind: "content", class: "violation", path } as const;
  if (sealed === undefined) {
    return [
      { ...violation, was: `sha256:${identity}`, is: "a volume that is not as it was mounted" },
    ];
  }
  if (live === undefined) return [{ ...violation, kind: "removed", was: `sha256:${identity}` }];
  return treeChanges(sealed, live, writable);
}
