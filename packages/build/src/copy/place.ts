import { Fault, type Place } from "@lithify/fault";
import type { SourceNode } from "../context/source.ts";
import { type Content, joinPath, type LayerEntry } from "../layer/entry.ts";
import type { ModeChange } from "./chmod.ts";
import type { Draft } from "./draft.ts";
import type { Selected } from "./select.ts";

/** Where things go, and what becomes of their attributes. */
export interface Destination {
  /** Relative to the root of the image, links not followed yet. */
  readonly path: string;
  /** Written with a slash at its end, or `.`: a directory, made when it does not exist. */
  readonly isDirectory: boolean;
  readonly owner?: { readonly uid: number; readonly gid: number };
  readonly mode?: ModeChange;
  readonly place: Place;
}

/** A file that is not from a source: the content of a here-document. */
export interface LooseFile {
  readonly name: string;
  readonly content: Content;
  readonly size: number;
}

const root = { uid: 0, gid: 0 };

/**
 * Puts a selection into a draft by BuildKit's rules: of a directory the contents are copied; an existing
 * destination directory keeps its attributes and those below it take the source's; parents that are made
 * on the way get --chown and --chmod too; links in the destination's path are followed.
 */
export function placeSelection(
  draft: Draft,
  destination: Destination,
  selected: readonly Selected[],
  contents: ReadonlyMap<string, Content>,
): void {
  const nodes = selected.map(({ root }) => root);
  prepare(draft, destination, nodes.every(({ type }) => type !== "directory") ? nodes.length : 1);
  for (const { root: node, landing, keepsPath, above, below } of selected) {
    const base = draft.resolve(destination.path);
    if (keepsPath) makeParents(draft, base, destination);
    for (const directory of above)
      draft.put(placed(joinPath(base, directory.landing), directory.node, destination, contents));
    if (node.type === "directory") {
      const target = keepsPath ? joinPath(base, landing) : base;
      if (keepsPath) draft.put(placed(target, node, destination, contents));
      else makeParents(draft, target, destination);
      for (const child of below)
        draft.put(placed(joinPath(target, child.path), child.node, destination, contents));
    } else {
      const target = draft.isDirectory(base) ? joinPath(base, landing) : base;
      draft.put(placed(target, node, destination, contents));
    }
  }
}

export function placeLooseFile(draft: Draft, destination: Destination, file: LooseFile): void {
  prepare(draft, destination, 1);
  const base = draft.resolve(destination.path);
  const { uid, gid } = destination.owner ?? root;
  draft.put({
    path: draft.isDirectory(base) ? joinPath(base, file.name) : base,
    type: "file",
    mode: destination.mode?.(0o644, false) ?? 0o644,
    ...{ uid, gid, size: file.size, content: file.content, xattrs: new Map() },
  });
}

function prepare(draft: Draft, destination: Destination, files: number): void {
  const { path, isDirectory, place } = destination;
  if (isDirectory) {
    makeParents(draft, draft.resolve(path), destination);
    return;
  }
  const real = draft.resolve(path);
  if (files > 1 && !draft.isDirectory(real))
    throw new Fault("COPY_CONFLICT", `copying ${files} files to /${path}`, {
      why: "it is not a directory",
      hint: "write the destination with a slash at its end",
      place,
    });
  makeParents(draft, real.includes("/") ? real.slice(0, real.lastIndexOf("/")) : "", destination);
}

function makeParents(draft: Draft, path: string, destination: Destination): void {
  draft.makeDirectories(path, destination.mode?.(0o755, true), destination.owner);
}

function placed(
  path: string,
  node: SourceNode,
  destination: Destination,
  contents: ReadonlyMap<string, Content>,
): LayerEntry {
  const { link, ...attributes } = node;
  const found = contents.get(node.path);
  // Shared content means a hard link; only sources that know links make them.
  const content = found === undefined || link !== undefined ? found : { open: () => found.open() };
  const changed = node.type === "symlink" ? undefined : destination.mode;
  return {
    ...attributes,
    path,
    mode: changed?.(node.mode, node.type === "directory") ?? node.mode,
    ...(destination.owner ?? { uid: node.uid, gid: node.gid }),
    ...(content === undefined ? {} : { content }),
  };
}
