import { type ImageSize, imageSize } from "./image-size.ts";
import type { Workplace } from "./workplace.ts";

export interface BuildOrder {
  readonly context: string;
  /** Absolute. */
  readonly dockerfile: string;
  /** A short name; each builder makes of it the name it needs. */
  readonly tag: string;
  /** Every step runs again, nothing is taken from the step cache. */
  readonly isCold: boolean;
}

/** Something that makes an image of a Dockerfile: ours and the peers are measured through it. */
export interface Builder {
  readonly name: string;
  /** Whether a second build of the same can be taken from a cache. */
  readonly hasStepCache: boolean;
  /** The tag as FROM has to name it. */
  readonly reference: (tag: string) => string;
  /** Seconds of the whole command, from its start to its end. */
  readonly build: (order: BuildOrder) => Promise<{ readonly seconds: number }>;
  /** What tells one built image from another: the identity that the builder gives it. */
  readonly identity: (tag: string) => Promise<string>;
  /** Puts the image into an OCI layout, alone. */
  readonly exportTo: (tag: string, layout: string) => Promise<void>;
}

let exported = 0;

/** The size of a built image, taken from an OCI layout that the builder exports. */
export async function sizeOf(
  builder: Builder,
  tag: string,
  workplace: Workplace,
): Promise<ImageSize> {
  exported += 1;
  const layout = workplace.path(`export-${exported}`);
  await builder.exportTo(tag, layout);
  return imageSize(layout);
}
