import { createHash } from "node:crypto";
import { Fault } from "@lithify/fault";
import { type Layer, readTar } from "@lithify/oci";
import type { Content } from "../layer/entry.ts";
import type { ContentPlace, FileIndex, FileNode } from "../layer/file-index.ts";
import type { Spool } from "../layer/spool.ts";
import type { Source, SourceNode } from "./source.ts";

/** The files of an image or an earlier stage as a source. Owners, hard links and extended attributes are kept. */
export function layersSource(options: {
  readonly title: string;
  readonly layers: readonly Layer[];
  readonly files: () => Promise<FileIndex>;
  readonly spool: Spool;
}): Source {
  const { title, layers, files, spool } = options;
  return {
    title,
    at: async (path) => {
      const node = (await files()).at(path);
      return node === undefined ? undefined : sourceNode(path, node);
    },
    names: async (path) => (await files()).names(path),
    fingerprint: async (nodes) =>
      createHash("sha256")
        .update(JSON.stringify([layers.map((layer) => layer.diffId), nodes.map((n) => n.path)]))
        .digest("hex"),
    contents: async (nodes) => readContents(nodes, layers, spool),
  };
}

function sourceNode(path: string, node: FileNode): SourceNode {
  const { place, ...rest } = node;
  return { ...rest, path, ...(place === undefined ? {} : { link: place }) };
}

/** One pass over every layer that holds any of the files, lowest first. */
async function readContents(
  nodes: readonly SourceNode[],
  layers: readonly Layer[],
  spool: Spool,
): Promise<ReadonlyMap<string, Content>> {
  const found = new Map<ContentPlace, Content>();
  const wanted = new Map<number, Map<string, ContentPlace>>();
  for (const { link } of nodes) {
    if (link === undefined) continue;
    const place = link as ContentPlace;
    const inLayer = wanted.get(place.layer) ?? new Map<string, ContentPlace>();
    wanted.set(place.layer, inLayer.set(place.path, place));
  }
  for (const [index, places] of wanted) {
    const layer = layers[index];
    if (layer === undefined) throw new Fault("INTERNAL", "a layer that is not there");
    for await (const { entry, body } of readTar(layer.uncompressed())) {
      const place = entry.type === "file" ? places.get(entry.path) : undefined;
      if (place !== undefined) found.set(place, await spool.add(body, entry.size));
    }
  }
  const contents = new Map<string, Content>();
  for (const node of nodes) {
    if (node.type !== "file") continue;
    const content = found.get(node.link as ContentPlace);
    if (content === undefined)
      throw new Fault("INTERNAL", `the content of /${node.path}`, { why: "no layer holds it" });
    contents.set(node.path, content);
  }
  return contents;
}
