import type { Descriptor } from "./manifest.ts";
import { parseManifest } from "./manifest-parse.ts";

/** The descriptor of a referrer as lists hold it. */
export function referrerDescriptor(
  bytes: Uint8Array,
  { mediaType, digest, size }: Descriptor,
): Descriptor {
  const { artifactType, config, annotations } = parseManifest(bytes, `referrer ${digest}`);
  return {
    mediaType,
    digest,
    size,
    artifactType: artifactType ?? config.mediaType,
    ...(annotations === undefined ? {} : { annotations }),
  };
}
