import { Fault } from "@lithify/fault";
import type { Image } from "../image/image.ts";
import { readTar } from "../tar/read.ts";
import type { Replayed } from "./layered-tree.ts";
import { replay } from "./replay.ts";

/** Bytes of a file that is read whole out of an image. */
export const readFileLimit = 16 * 1024 * 1024;

const replayed = new WeakMap<Image, Promise<Replayed>>();

/**
 * The content of a file in an image's merged tree, links followed; undefined when the path leads to no file.
 * @throws Fault LIMIT_EXCEEDED beyond 16 MiB, and what replaying the layers throws
 */
export async function readFileOf(image: Image, path: string): Promise<Buffer | undefined> {
  const { tree, memberOf } = await replayOnce(image);
  const found = tree.resolve(path);
  if (found.answer !== "reached" || found.node.type !== "file") return undefined;
  const { node } = found;
  if (node.size > readFileLimit) {
    throw new Fault("LIMIT_EXCEEDED", "a file of an image that is read whole", {
      values: { path: node.path, bytes: node.size, limit: readFileLimit },
    });
  }
  const layer = image.layers[node.layer];
  const wanted = memberOf(node);
  if (layer === undefined || wanted === undefined) return undefined;
  let number = 0;
  for await (const { body } of readTar(layer.uncompressed())) {
    if (number === wanted) return await collected(body);
    number += 1;
  }
  return undefined;
}

function replayOnce(image: Image): Promise<Replayed> {
  const known = replayed.get(image);
  if (known !== undefined) return known;
  const run = replay(image.layers, { digests: false });
  replayed.set(image, run);
  run.catch(() => replayed.delete(image));
  return run;
}

async function collected(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
