import { getCurves } from "node:crypto";
import type { ConfigObject } from "../../config/model.ts";
import { linesOf } from "../properties.ts";
import type { Refusals } from "../refusals.ts";

/** Curves whose OpenSSL name is another one. */
const otherCurveNames: Readonly<Record<string, string>> = {
  secp256r1: "prime256v1",
  secp192r1: "prime192v1",
};

/** Signature algorithms that OpenSSL names by key and hash; all others keep their TLS name. */
const otherAlgorithmNames: Readonly<Record<string, string>> = {
  ecdsa_sha224: "ECDSA+SHA224",
  ecdsa_sha1: "ECDSA+SHA1",
  rsa_pkcs1_sha224: "RSA+SHA224",
  rsa_pkcs1_sha1: "RSA+SHA1",
};

/**
 * The `curves` of a TLS profile in OpenSSL's words, without those that it no longer has; undefined
 * when the profile names none. Refuses a list of which nothing is left.
 */
export function curveList(object: ConfigObject, refusals: Refusals): string | undefined {
  const lines = linesOf(object, "curves");
  if (lines.length === 0) return undefined;
  const available = new Set(getCurves());
  const names = lines
    .flatMap((line) => line.arguments)
    .map((text) => otherCurveNames[text] ?? text)
    .filter((name) => available.has(name));
  if (names.length === 0) {
    refusals.add(object, "none of its curves is in the TLS library", lines[0]);
  }
  return names.join(":");
}

/**
 * The `sign-alg` of a TLS profile in OpenSSL's words, without DSA, which it no longer offers;
 * undefined when the profile names none. Refuses a list of which nothing is left.
 */
export function signatureList(object: ConfigObject, refusals: Refusals): string | undefined {
  const lines = linesOf(object, "sign-alg");
  if (lines.length === 0) return undefined;
  const names = lines
    .flatMap((line) => line.arguments)
    .filter((text) => !text.startsWith("dsa_"))
    .map((text) => otherAlgorithmNames[text] ?? text);
  if (names.length === 0) {
    refusals.add(object, "none of its signature algorithms is in the TLS library", lines[0]);
  }
  return names.join(":");
}
