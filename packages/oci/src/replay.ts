import { createHash, type Hash } from "node:crypto";
import { isFault } from "@lithify/fault";
import type { Digest } from "./digest.ts";
import type { Layer } from "./image.ts";
import { LayeredTree, type LayerMember, type Replayed } from "./layered-tree.ts";
import type { TarLimits } from "./tar-entry.ts";
import { TarScanner } from "./tar-scan.ts";
import type { Tree } from "./tree.ts";

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

/** As `replayLayers`, and where each file's content is. */
export async function replay(
  layers: readonly Layer[],
  options: { readonly digests?: boolean; readonly limits?: TarLimits } = {},
): Promise<Replayed> {
  const merged = new LayeredTree();
  for (const [index, layer] of layers.entries()) {
    const members = await membersOf(layer.uncompressed(), options);
    merged.apply(members, index);
  }
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
  merged.applyPlain(await membersOf(bytes, options));
  return merged.finish().tree;
}

async function membersOf(
  bytes: AsyncIterable<Uint8Array>,
  options: { readonly digests?: boolean; readonly limits?: TarLimits },
): Promise<readonly LayerMember[]> {
  const members: LayerMember[] = [];
  const hashes = options.digests !== false;
  let hash: Hash | undefined;
  const scanner = new TarScanner(
    {
      member({ entry }) {
        members.push({ entry });
        hash = hashes && entry.type === "file" ? createHash("sha256") : undefined;
      },
      body: (part) => hash?.update(part),
      end() {
        const last = members[members.length - 1];
        if (hash !== undefined && last !== undefined) {
          last.digest = `sha256:${hash.digest("hex")}` as Digest;
        }
        hash = undefined;
      },
      trailer: () => undefined,
    },
    { limits: options.limits },
  );
  let failure: unknown;
  for await (const chunk of bytes) {
    // A corrupt blob may look like a malformed archive first: read on, so that its digest tells
    if (failure === undefined) failure = malformedBy(() => scanner.push(chunk));
  }
  if (failure !== undefined) throw failure;
  scanner.end();
  return members;
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
