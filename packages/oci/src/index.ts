export type { BlobStore } from "./blob-store.ts";
export { type Compression, compress, decompress } from "./compression.ts";
export { copyImage } from "./copy.ts";
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
export { chooseManifest, openImage } from "./image-open.ts";
export { layerFromBlob } from "./layer.ts";
export { openStore } from "./layout-store.ts";
export { type SweepReport, sweepLayout } from "./layout-sweep.ts";
export {
  type Descriptor,
  type HistoryEntry,
  type ImageConfig,
  type Manifest,
  mediaTypes,
  type Platform,
  type ProcessConfig,
} from "./manifest.ts";
export { parentOf, treeFromNodes } from "./merged-tree.ts";
export { compareNames, decodeName, encodeName } from "./name-bytes.ts";
export { readFileOf } from "./read-file.ts";
export { parseReference, type Reference, referenceText } from "./reference.ts";
export {
  type Credentials,
  dockerKeychain,
  type Keychain,
  noCredentials,
} from "./registry/keychain.ts";
export {
  type ContentSink,
  type ContentWatch,
  replayLayers,
  treeFromTar,
} from "./replay.ts";
export {
  type Artifact,
  defaultStoreDirectory,
  type ImageParts,
  type Store,
  type StoredImage,
} from "./store.ts";
export { type TarEntry, type TarLimits, tarLimits } from "./tar-entry.ts";
export { patchTar, type TarPatch } from "./tar-patch.ts";
export { readTar } from "./tar-read.ts";
export { type TarInput, writeTar } from "./tar-write.ts";
export {
  type ImageLocation,
  openImageAt,
  openImageSink,
  openImageSource,
  parseImageLocation,
  putImageAt,
  type TransportOptions,
} from "./transport.ts";
export { type CopyOptions, type CopyReport, copyBetween } from "./transport-copy.ts";
export type { BlobSink, FormSink, ImageSink, ImageSource } from "./transport-place.ts";
export { type ValidateReport, validateSource } from "./transport-validate.ts";
export type { NodeType, Resolution, Tree, TreeNode } from "./tree.ts";
export { type ImageTree, type ImageTreeOptions, imageTree } from "./tree-cache.ts";
export { diffTrees, type TreeDifference } from "./tree-diff.ts";
export {
  type GroupEntry,
  type MalformedLine,
  type PasswdEntry,
  parseGroup,
  parsePasswd,
} from "./users.ts";
