import { Readable } from "node:stream";
import { hexOf, type Image, type Layer, type Store, type TarInput, writeTar } from "@lithify/oci";
import type Docker from "dockerode";
import { daemonFault } from "./daemon-fault.ts";

/**
 * Brings an image into the daemon, once: as `docker load` takes it, layers uncompressed, because daemons before 23
 * know no zstd. Resolves to the name it has there, `lithify:HEX` of the manifest's digest. The daemon verifies every
 * layer against the configuration, whose digest is the id of the image. Throws Fault DAEMON_REFUSED, and what reading
 * a layer throws.
 */
export async function loadImage(docker: Docker, store: Store, image: Image): Promise<string> {
  const name = `lithify:${hexOf(image.digest)}`;
  if (await isThere(docker, name, image)) return name;
  const bytes = Readable.from(writeTar(archiveOf(store, image, name)), { objectMode: true });
  try {
    const answer = await docker.loadImage(bytes as unknown as NodeJS.ReadableStream);
    await refusalIn(answer);
  } catch (cause) {
    throw daemonFault(bytes.errored ?? cause, "load an image into the daemon");
  }
  if (await isThere(docker, name, image)) return name;
  throw daemonFault(undefined, "load an image into the daemon", {
    why: "it does not have the layers of the image afterwards",
  });
}

async function isThere(docker: Docker, name: string, image: Image): Promise<boolean> {
  const found = await docker
    .getImage(name)
    .inspect()
    .catch(() => undefined);
  const diffIds = found?.RootFS.Layers ?? [];
  return found !== undefined && diffIds.join() === image.layers.map((one) => one.diffId).join();
}

async function* archiveOf(store: Store, image: Image, name: string): AsyncGenerator<TarInput> {
  const { digest, size } = image.manifest.config;
  const config = await collect(store.open(digest, size));
  const places = image.layers.map((layer) => `${hexOf(layer.diffId)}.tar`);
  const listed = [{ Config: `${hexOf(digest)}.json`, RepoTags: [name], Layers: places }];
  const list = Buffer.from(JSON.stringify(listed));
  yield member("manifest.json", list.length, list);
  yield member(`${hexOf(digest)}.json`, config.length, config);
  const written = new Set<string>();
  for (const [index, layer] of image.layers.entries()) {
    const path = places[index] ?? "";
    if (written.has(path)) continue;
    written.add(path);
    yield member(path, await sizeOf(layer), layer.uncompressed());
  }
}

function member(path: string, size: number, body: NonNullable<TarInput["body"]>): TarInput {
  const plain = { type: "file", mode: 0o644, uid: 0, gid: 0, mtime: 0, xattrs: new Map() } as const;
  return { entry: { ...plain, path, size }, body };
}

/** A tar header comes before its body, so the layer is decompressed twice: nothing is written to disk for it. */
async function sizeOf(layer: Layer): Promise<number> {
  let size = 0;
  for await (const chunk of layer.uncompressed()) size += chunk.length;
  return size;
}

async function collect(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts);
}

/** The daemon answers 200 and says in the stream of progress what went wrong. */
async function refusalIn(answer: NodeJS.ReadableStream): Promise<void> {
  let text = "";
  for await (const chunk of answer) text = (text + String(chunk)).slice(-8192);
  const refused = /"error":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  if (refused !== undefined)
    throw daemonFault(undefined, "load an image into the daemon", { why: refused });
}
