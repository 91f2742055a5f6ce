export type { BlobStore } from "./blob/blob-store.ts";
export { type Compression, compress, decompress } from "./blob/compression.ts";
export {
  type DiffId,
  type Digest,
  digestOf,
  hexOf,
  isDigest,
  parseDiffId,
  parseDigest,
} from "./blob/digest.ts";
export { encoderAnnotation, encoderOf, KeptFrames } from "./blob/frames.ts";
export { readArtifact } from "./image/artifact.ts";
export type { Image, Layer } from "./image/image.ts";
export { chooseManifest, openImage } from "./image/image-open.ts";
export { layerFromBlob } from "./image/layer.ts";
export {
  type Descriptor,
  type HistoryEntry,
  type ImageConfig,
  type Manifest,
  mediaTypes,
  type Platform,
  type ProcessConfig,
} from "./image/manifest.ts";
export type { BlobSink, FormSink, ImageSink, ImageSource } from "./image/place.ts";
export { parseReference, type Reference, referenceText } from "./image/reference.ts";
export {
  type GroupEntry,
  type MalformedLine,
  type PasswdEntry,
  parseGroup,
  parsePasswd,
} from "./image/users.ts";
export {
  type Credentials,
  dockerKeychain,
  type Keychain,
  noCredentials,
} from "./registry/keychain.ts";
export { openStore } from "./store/layout-store.ts";
export { type SweepReport, sweepLayout } from "./store/layout-sweep.ts";
export { patchLayer } from "./store/patch-layer.ts";
export {
  type Artifact,
  defaultStoreDirectory,
  type ImageParts,
  type Store,
  type StoredImage,
} from "./store/store.ts";
export { type TarEntry, type TarLimits, tarLimits } from "./tar/entry.ts";
export { compareNames, decodeName, encodeName } from "./tar/name-bytes.ts";
export { patchTar, type TarPatch } from "./tar/patch.ts";
export { readTar } from "./tar/read.ts";
export { type TarInput, writeTar } from "./tar/write.ts";
export { type CopyOptions, type CopyReport, copyBetween } from "./transport/copy.ts";
export { copyImage } from "./transport/copy-image.ts";
export {
  type ImageLocation,
  openImageAt,
  openImageSink,
  openImageSource,
  parseImageLocation,
  putImageAt,
  type TransportOptions,
} from "./transport/transport.ts";
export { type ValidateReport, validateSource } from "./transport/validate.ts";
export { type ImageTree, type ImageTreeOptions, imageTree } from "./tree/cache.ts";
export { derivedText } from "./tree/derived-text.ts";
export { diffTrees, type TreeDifference } from "./tree/diff.ts";
export { passedOverNote } from "./tree/layered-tree.ts";
export { parentOf, treeFromNodes } from "./tree/merged-tree.ts";
export { readFileOf } from "./tree/read-file.ts";
export {
  type ContentSink,
  type ContentWatch,
  type LayerScan,
  replayLayers,
  type ScannedLayer,
  scanLayer,
  treeFromTar,
} from "./tree/replay.ts";
export type { Kind, Kinds, NodeType, Resolution, Tree, TreeNode } from "./tree/tree.ts";
export { keepYoungSpaceSmall } from "./tree/young-space.ts";
