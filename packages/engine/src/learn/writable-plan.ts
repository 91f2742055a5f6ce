import { posix } from "node:path";
import type { Tree } from "@lithify/oci";
import type { TracedWrite } from "./trace-lines.ts";

/** A directory to be mounted as tmpfs, and why. */
export interface PlannedMount {
  readonly path: string;
  /** Writes that need it, sorted. */
  readonly for: readonly string[];
  /** Files of the image that the mount would hide. */
  readonly hides: readonly string[];
}

export interface WritablePlan {
  readonly mounts: readonly PlannedMount[];
  /** Writes that no tmpfs can hold: directly in the root directory. */
  readonly unmountable: readonly string[];
}

/**
 * The smallest set of tmpfs directories in which these writes can happen. A path that the program makes is mounted
 * itself when it is a directory it made; otherwise the directory that it is in. Mounts below another one are left out.
 */
export function planWritable(writes: readonly TracedWrite[], tree: Tree): WritablePlan {
  const wanted = new Map<string, Set<string>>();
  const unmountable = new Set<string>();
  for (const { path } of writes) {
    const place = placeFor(path, tree);
    if (place === "/") unmountable.add(path);
    else wanted.set(place, (wanted.get(place) ?? new Set()).add(path));
  }
  const kept = [...wanted.keys()].filter(
    (place) => ![...wanted.keys()].some((other) => place.startsWith(`${other}/`)),
  );
  const mounts = kept.toSorted().map((path) => ({
    path,
    for: [...wanted]
      .filter(([place]) => place === path || place.startsWith(`${path}/`))
      .flatMap(([, paths]) => [...paths])
      .toSorted(),
    hides: hiddenBy(path, tree),
  }));
  return { mounts, unmountable: [...unmountable].toSorted() };
}

/** The directory that holds the path, links followed; of several that do not exist, the highest. */
function placeFor(path: string, tree: Tree): string {
  const parent = tree.resolve(posix.dirname(path));
  if (parent.answer === "reached") return parent.node.path;
  if (parent.answer !== "missing") return posix.dirname(path);
  const [first = ""] = parent.rest.split("/").filter(Boolean);
  return posix.join(parent.nearest.path, first);
}

function hiddenBy(path: string, tree: Tree): readonly string[] {
  const hidden: string[] = [];
  const walk = (directory: string) => {
    for (const name of tree.names(directory)) {
      const child = posix.join(directory, name);
      if (tree.at(child)?.type === "directory") walk(child);
      else hidden.push(child);
    }
  };
  walk(path);
  return hidden;
}

/** What the engine gives every container, and what no image ships: writes there say nothing about the image. */
export function isNoise(path: string): boolean {
  return ["/proc", "/sys", "/dev"].some((place) => path === place || path.startsWith(`${place}/`));
}
