import { createHash } from "node:crypto";
import { Fault } from "@lithify/fault";

declare const digestBrand: unique symbol;
declare const diffIdBrand: unique symbol;

/** The SHA-256 of a blob as stored (of a layer: compressed), `sha256:` and 64 lower-case hex digits. */
export type Digest = string & { readonly [digestBrand]: true };

/** The SHA-256 of a layer's uncompressed tar archive, written as a Digest is. */
export type DiffId = string & { readonly [diffIdBrand]: true };

const form = /^sha256:[0-9a-f]{64}$/;

export function isDigest(text: string): text is Digest {
  return form.test(text);
}

/** @throws Fault DIGEST_INVALID */
export function parseDigest(text: string): Digest {
  if (!isDigest(text)) throw new Fault("DIGEST_INVALID", "a digest", { values: { text } });
  return text;
}

/** @throws Fault DIGEST_INVALID */
export function parseDiffId(text: string): DiffId {
  return parseDigest(text) as string as DiffId;
}

export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}` as Digest;
}

/** The 64 hexadecimal digits, without the algorithm. */
export function hexOf(digest: Digest | DiffId): string {
  return digest.slice("sha256:".length);
}
