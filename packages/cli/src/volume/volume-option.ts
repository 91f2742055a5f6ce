import type { VolumeSpec } from "@lithify/engine";
import { Fault } from "@lithify/fault";

/** What a volume must be: 64 hexadecimal digits, with or without `sha256:`. */
const root = /^(?:sha256:)?([0-9a-f]{64})$/;

/** `SOURCE[:TARGET][,root=HEX]`, as --volume has it: TARGET begins with a slash. Throws Fault USAGE. */
export function parseVolume(text: string): VolumeSpec {
  const [place = "", ...more] = text.split(",root=");
  const at = place.lastIndexOf(":/");
  const source = at === -1 ? place : place.slice(0, at);
  if (source === "" || more.length > 1) {
    const why = "it is not SOURCE[:TARGET][,root=HEX]";
    throw new Fault("USAGE", "--volume", { why, values: { volume: text } });
  }
  return {
    source,
    ...(at === -1 ? {} : { target: place.slice(at + 1) }),
    ...(more[0] === undefined ? {} : { expected: parseRoot(more[0], "--volume") }),
  };
}

/** A root hash or Merkle root in hexadecimal. Throws Fault USAGE. */
export function parseRoot(text: string, what: string): string {
  const hex = root.exec(text)?.[1];
  if (hex !== undefined) return hex;
  const why = "a root is 64 hexadecimal digits, with or without sha256:";
  throw new Fault("USAGE", what, { why, values: { root: text } });
}
