import {
  type CipherGCM,
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSign,
  createVerify,
  type DecipherGCM,
  getCiphers,
  getHashes,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";
import type { CryptoStream } from "./script-host.ts";
import { type KeyUse, keyFor, type ScriptKeys } from "./script-keys.ts";

/** Largest number of random bytes at once. */
export const mostRandomBytes = 1024 * 1024;

/** Names of the product beside those of OpenSSL. */
const cipherNames: Readonly<Record<string, string>> = {
  "tripledes-cbc": "des-ede3-cbc",
  "aes128-cbc": "aes-128-cbc",
  "aes192-cbc": "aes-192-cbc",
  "aes256-cbc": "aes-256-cbc",
  "aes128-gcm": "aes-128-gcm",
  "aes192-gcm": "aes-192-gcm",
  "aes256-gcm": "aes-256-gcm",
};

/** A hash, or with a key an HMAC. The key may be a name; a text that is no name is the key. */
export function hashOf(
  keys: ScriptKeys,
  algorithm: string,
  key: string | Uint8Array | undefined,
  bytes: Uint8Array,
): Uint8Array {
  const name = algorithm.replace(/^(?:rsa-|hmac-)/i, "");
  if (key === undefined) return createHash(name).update(bytes).digest();
  return createHmac(name, secretFor(keys, key)).update(bytes).digest();
}

export function signatureOf(
  keys: ScriptKeys,
  algorithm: string,
  key: string | Uint8Array,
  bytes: Uint8Array,
  padding: number | undefined,
): Uint8Array {
  const signed = keyFor(keys, key, "private");
  return createSign(digestName(algorithm))
    .update(bytes)
    .sign({ key: signed, ...padded(padding) });
}

export function verifies(
  keys: ScriptKeys,
  algorithm: string,
  key: string | Uint8Array,
  bytes: Uint8Array,
  signature: Uint8Array,
  padding: number | undefined,
): boolean {
  const against = keyFor(keys, key, "public");
  return createVerify(digestName(algorithm))
    .update(bytes)
    .verify({ key: against, ...padded(padding) }, signature);
}

/** A cipher at work; the key may be a name or bytes. */
export function cipherStream(
  keys: ScriptKeys,
  direction: "encrypt" | "decrypt",
  algorithm: string,
  key: string | Uint8Array,
  iv: Uint8Array | undefined,
): CryptoStream {
  const name = cipherNames[algorithm.toLowerCase()] ?? algorithm;
  const create = direction === "encrypt" ? createCipheriv : createDecipheriv;
  const stream = create(name, secretFor(keys, key), iv ?? null) as CipherGCM & DecipherGCM;
  return {
    update: (bytes) => stream.update(bytes),
    final: () => stream.final(),
    setAutoPadding: (on) => void stream.setAutoPadding(on),
    setAAD: (bytes) => void stream.setAAD(bytes),
    getAuthTag: () => stream.getAuthTag(),
    setAuthTag: (tag) => void stream.setAuthTag(tag),
  };
}

export function randomOf(size: number): Uint8Array {
  if (!(size >= 0 && size <= mostRandomBytes)) {
    throw new RangeError(`not a number of random bytes: ${size}`);
  }
  return randomBytes(size);
}

/** Throws RangeError for different lengths, as Node does. */
export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return timingSafeEqual(left, right);
}

export function cryptoNames(of: "hashes" | "ciphers"): readonly string[] {
  return of === "hashes" ? getHashes() : getCiphers();
}

/** A secret: an object's when there is one of that name, else the text or bytes as they are. */
function secretFor(keys: ScriptKeys, key: string | Uint8Array): Parameters<typeof createHmac>[1] {
  if (typeof key !== "string") return Buffer.from(key);
  const use: KeyUse = "secret";
  if (key.startsWith("name:")) return keyFor(keys, key, use);
  return keys.find(key, use) ?? Buffer.from(key);
}

function digestName(algorithm: string): string {
  return algorithm.replace(/^(?:rsa|ecdsa)-/i, "");
}

function padded(padding: number | undefined): { padding?: number; saltLength?: number } {
  if (padding === undefined) return {};
  if (padding === constants.RSA_PKCS1_PSS_PADDING) {
    return { padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  }
  if (padding !== constants.RSA_PKCS1_PADDING) throw new Error(`padding ${padding} is not known`);
  return { padding };
}
