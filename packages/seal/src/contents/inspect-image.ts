import {
  type Image,
  type ImageTreeOptions,
  imageTree,
  passedOverNote,
  readFileOf,
  type Tree,
} from "@lithify/oci";
import type { Accounts } from "../identity/image-user.ts";
import { type Content, contentWatch } from "./content-watch.ts";

/** What is known of the contents of an image's files. */
export interface Contents {
  /** The content of the file at exactly this path; undefined when nothing about it decides anything. */
  at(path: string): Content | undefined;
  /** Directories that a layer puts something into without naming them: engines differ in what they are then. */
  readonly passedOver?: readonly string[];
}

/** An image as far as an audit needs it. */
export interface Inspected {
  readonly tree: Tree;
  readonly contents: Contents;
  /** The digest of the cached tree; absent where the layers were read. */
  readonly kept?: string;
}

/**
 * The merged tree of an image and what its programs say of themselves, in one pass over its layers; from the
 * store's cache where it was looked at before. Without `digests` a tree may come without digests of contents.
 * Throws what reading the image throws.
 */
export async function inspectImage(
  image: Pick<Image, "layers">,
  options: Pick<ImageTreeOptions, "store" | "digests" | "fresh" | "scanned" | "scans"> = {},
): Promise<Inspected> {
  const { tree, notes, kept } = await imageTree(image, { ...options, watch: contentWatch });
  return { tree, contents: contentsOf(notes), ...(kept === undefined ? {} : { kept }) };
}

/** Contents from notes as the watch makes them, by path. */
export function contentsOf(notes: ReadonlyMap<string, string>): Contents {
  const read = new Map<string, Content>();
  return {
    passedOver: [...notes].flatMap(([path, note]) => (note === passedOverNote ? [path] : [])),
    at(path) {
      const known = read.get(path);
      const note = notes.get(path);
      if (known !== undefined || note === undefined || note === passedOverNote) return known;
      const content = JSON.parse(note) as Content;
      read.set(path, content);
      return content;
    },
  };
}

/** passwd and group of an inspected image; what the pass did not keep (it lies elsewhere, or is large) is read. */
export async function accountsIn(image: Image, { tree, contents }: Inspected): Promise<Accounts> {
  const text = async (path: string) => {
    const found = tree.resolve(path);
    if (found.answer !== "reached" || found.node.type !== "file") return "";
    const kept = contents.at(found.node.path)?.text;
    return kept ?? (await readFileOf(image, path))?.toString("utf8") ?? "";
  };
  return { passwd: await text("/etc/passwd"), group: await text("/etc/group") };
}
