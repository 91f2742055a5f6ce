import { createHash } from "node:crypto";
import { Fault } from "@lithify/fault";
import { type Digest, type Image, readTar, type Tree, type TreeNode } from "@lithify/oci";

/** Takes the content of one file from its beginning; asked again where what came was another content. */
export type ContentTarget = (
  node: TreeNode,
) => (bytes: Uint8Array, position: number) => Promise<void>;

/**
 * Reads the contents of these files out of the layers in one pass, each checked against its digest. A file whose content
 * came in under a name that is now another object's, a hard link's for example, is looked for by its digest in a second.
 * Throws Fault DIGEST_MISMATCH where a content is nowhere, and what reading layers throws.
 */
export async function readContents(
  image: Image,
  files: readonly TreeNode[],
  source: Tree,
  target: ContentTarget,
): Promise<void> {
  const missing = new Map(files.filter(({ size }) => size > 0).map((node) => [node.path, node]));
  const named = new Map<string, TreeNode>();
  for (const node of missing.values())
    for (const path of source.linksOf(source.at(node.path) ?? node)) named.set(path, node);
  await pass(image, missing, target, (path, size) => {
    const node = named.get(path);
    return node !== undefined && node.size === size && missing.has(node.path) ? [node] : [];
  });
  if (missing.size === 0) return;
  await pass(image, missing, target, (_path, size) =>
    [...missing.values()].filter((node) => node.size === size),
  );
  for (const node of missing.values()) {
    throw new Fault("DIGEST_MISMATCH", "the content of a file of an image", {
      why: "no layer has it",
      values: { path: node.path, digest: node.digest ?? "" },
    });
  }
}

/** One look at every layer, for members that `candidates` may be. */
async function pass(
  image: Image,
  missing: Map<string, TreeNode>,
  target: ContentTarget,
  candidates: (path: string, size: number) => readonly TreeNode[],
): Promise<void> {
  for (const layer of image.layers) {
    if (missing.size === 0) return;
    for await (const { entry, body } of readTar(layer.uncompressed())) {
      if (entry.type !== "file" || entry.size === 0) continue;
      const nodes = candidates(`/${entry.path}`, entry.size);
      if (nodes.length === 0) continue;
      const digest = await copied(body, nodes.map(target));
      for (const node of nodes) if (node.digest === digest) missing.delete(node.path);
    }
  }
}

async function copied(
  body: AsyncIterable<Uint8Array>,
  targets: readonly ReturnType<ContentTarget>[],
): Promise<Digest> {
  const sum = createHash("sha256");
  let position = 0;
  for await (const chunk of body) {
    sum.update(chunk);
    for (const put of targets) await put(chunk, position);
    position += chunk.length;
  }
  return `sha256:${sum.digest("hex")}` as Digest;
}
