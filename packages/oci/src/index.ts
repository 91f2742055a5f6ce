export type { BlobStore } from "./blob-store.ts";
export {
  type DiffId,
  type Digest,
  digestOf,
  hexOf,
  isDigest,
  parseDiffId,
  parseDigest,
} from "./digest.ts";
export type { Image, Layer } from "./image.ts";
export {
  type Descriptor,
  type HistoryEntry,
  type ImageConfig,
  type Manifest,
  mediaTypes,
  type Platform,
  type ProcessConfig,
} from "./manifest.ts";
export type { NodeType, Resolution, Tree, TreeNode } from "./tree.ts";
