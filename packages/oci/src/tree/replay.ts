import { createHash, type Hash, hash as hashOf } from "node:crypto";
import { isFault } from "@lithify/fault";
import type { DiffId, Digest } from "../blob/digest.ts";
import type { Layer } from "../image/image.ts";
import type { TarEntry, TarLimits } from "../tar/entry.ts";
import { HeaderNotes } from "../tar/header-notes.ts";
import { TarScanner } from "../tar/scan.ts";
import { LayeredTree, type LayerMember, type Replayed } from "./layered-tree.ts";
import type { Tree } from "./tree.ts";
import { layerBegins } from "./young-space.ts";

/**
 * The merged tree of an image's layers (lowest first), as the OCI image specification's layer page and the engines
 * have it: whiteouts and opaque marks hide what lower layers hold and nothing of their own layer, in any order.
 * Content is hashed as it streams by unless `digests` is false.
 * @throws Fault TAR_INVALID, LAYER_UNSAFE, LIMIT_EXCEEDED, and what reading a layer throws
 */
export async function replayLayers(
  layers: readonly Layer[],
  options: { readonly digests?: boolean; readonly limits?: TarLimits } = {},
): Promise<Tree> {
  return (await replay(layers, options)).tree;
}

/** Looks at contents as they stream by, and keeps a short note of those that matter. */
export interface ContentWatch {
  /** Names the form of the notes: what is cached under another name is not used. */
  readonly name: string;
  /** What takes the content of this file; undefined where it is of no interest. */
  watch(entry: TarEntry): ContentSink | undefined;
}

/** Takes one content. A piece is valid during the call: what is kept of it is copied, and bounded by the sink itself. */
export interface ContentSink {
  push(part: Buffer): void;
  /** The note, or nothing. */
  end(): string | undefined;
}

export interface ReplayOptions {
  /** Hash contents; they are unless this is false. */
  readonly digests?: boolean;
  readonly limits?: TarLimits;
  readonly watch?: ContentWatch;
  /** Layers that were read already, with the same options: they are not read again. */
  readonly scanned?: ReadonlyMap<DiffId, ScannedLayer>;
  /** Gets what was read of each layer. */
  readonly scans?: Map<DiffId, ScannedLayer>;
}

/** What a layer holds, its contents read. */
export interface ScannedLayer {
  readonly members: readonly LayerMember[];
  /** What of the headers is needed to patch them, by the number of the member, where that was asked for. */
  readonly headers?: HeaderNotes;
}

/** As `replayLayers`, and where each file's content is, and what was noted of it. */
export async function replay(
  layers: readonly Layer[],
  options: ReplayOptions = {},
): Promise<Replayed> {
  const merged = new LayeredTree();
  for (const [index, layer] of layers.entries()) {
    merged.apply((await scannedLayer(layer, options)).members, index);
  }
  return merged.finish();
}

async function scannedLayer(layer: Layer, options: ReplayOptions): Promise<ScannedLayer> {
  const known = options.scanned?.get(layer.diffId);
  if (known !== undefined) return known;
  const headers = options.scans !== undefined;
  const scanned = await scannedBytes(layer.uncompressed(passing), { ...options, headers });
  options.scans?.set(layer.diffId, scanned);
  return scanned;
}

/** As `replay` of all layers, when the tree of those below the last is known. @throws what `replayLayers` throws */
export async function replayOver(
  below: Pick<Replayed, "tree" | "notes">,
  layer: Layer,
  index: number,
  options: ReplayOptions = {},
): Promise<Pick<Replayed, "tree" | "notes">> {
  const merged = LayeredTree.over(below.tree, below.notes);
  merged.apply((await scannedBytes(layer.uncompressed(passing), options)).members, index);
  return merged.finish();
}

/**
 * One tar archive as a tree, a live root as `tar -c --xattrs --xattrs-include=* --numeric-owner .` writes it for example.
 * Names that would be whiteouts in a layer are ordinary names here; every node's layer is -1.
 * @throws Fault TAR_INVALID, LAYER_UNSAFE, LIMIT_EXCEEDED
 */
export async function treeFromTar(
  bytes: AsyncIterable<Uint8Array>,
  options: { readonly digests?: boolean; readonly limits?: TarLimits } = {},
): Promise<Tree> {
  const merged = new LayeredTree();
  merged.applyPlain((await scannedBytes(bytes, options)).members);
  return merged.finish().tree;
}

/** Nothing that is noted of a layer holds its bytes. */
const passing = { passing: true };

async function scannedBytes(
  bytes: AsyncIterable<Uint8Array>,
  options: ScanOptions,
): Promise<ScannedLayer> {
  const scan = scanLayer(options);
  let failure: unknown;
  for await (const chunk of bytes) {
    // A corrupt blob may look like a malformed archive first: read on, so that its digest tells
    if (failure === undefined) failure = malformedBy(() => scan.push(chunk));
  }
  if (failure !== undefined) throw failure;
  return scan.end();
}

/** A layer's archive as it streams by. Both throw Fault TAR_INVALID, LIMIT_EXCEEDED. */
export interface LayerScan {
  push(chunk: Uint8Array): void;
  end(): ScannedLayer;
}

export interface ScanOptions extends Pick<ReplayOptions, "digests" | "limits" | "watch"> {
  readonly headers?: boolean;
}

/** Notes the members of a layer, their contents hashed and watched. */
export function scanLayer(options: ScanOptions = {}): LayerScan {
  layerBegins();
  const members: LayerMember[] = [];
  const headers = options.headers === true ? new HeaderNotes() : undefined;
  const hashes = options.digests !== false;
  let member: LayerMember | undefined;
  let hash: Hash | undefined;
  let sink: ContentSink | undefined;
  const scanner = new TarScanner(
    {
      member(found) {
        const { entry } = found;
        member = { entry };
        members.push(member);
        headers?.add(found);
        const isFile = entry.type === "file";
        hash = undefined;
        if (isFile && hashes && entry.size === 0) member.digest = emptyDigest;
        sink = isFile ? options.watch?.watch(entry) : undefined;
      },
      body(part) {
        sink?.push(part);
        if (!hashes || member === undefined) return;
        // One call is much cheaper than three, and most files come in one piece
        if (hash === undefined && part.length === member.entry.size) {
          member.digest = `sha256:${hashOf("sha256", part)}` as Digest;
        } else {
          hash ??= createHash("sha256");
          hash.update(part);
        }
      },
      end() {
        if (member === undefined) return;
        if (hash !== undefined) member.digest = `sha256:${hash.digest("hex")}` as Digest;
        const note = sink?.end();
        if (note !== undefined) member.note = note;
        member = undefined;
      },
      trailer: () => undefined,
    },
    { limits: options.limits },
  );
  return {
    push: (chunk) => scanner.push(chunk),
    end() {
      scanner.end();
      return { members, ...(headers === undefined ? {} : { headers }) };
    },
  };
}

/** The TAR_INVALID that a step ends in. */
function malformedBy(step: () => void): unknown {
  try {
    step();
    return undefined;
  } catch (error) {
    if (isFault(error, "TAR_INVALID")) return error;
    throw error;
  }
}

const emptyDigest = `sha256:${hashOf("sha256", "")}` as Digest;
