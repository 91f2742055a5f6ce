import { setFlagsFromString } from "node:v8";

let isAsked = false;

/**
 * Keeps the engine's space for young objects at 2 MiB from the first layer on that is replayed, for the rest of this
 * process. It grows to 128 MiB otherwise, for nothing: what a tree is made of lives on. A tree that is kept already is
 * there in a moment, and there a larger space saves time. To be called at the start of a command that reads trees and
 * ends, not in a program that serves.
 */
export function keepYoungSpaceSmall(): void {
  isAsked = true;
}

/** A layer is about to be replayed. */
export function layerBegins(): void {
  if (isAsked) setFlagsFromString("--semi-space-growth-factor=1");
}
