import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from "node:crypto";

/** What a key is wanted for. */
export type KeyUse = "secret" | "private" | "public";

/** The key and certificate objects of a domain, read when the configuration was. */
export interface ScriptKeys {
  /** The key object of this name that fits the use; undefined when there is none. */
  find(name: string, use: KeyUse): KeyObject | undefined;
}

/** A domain without keys. */
export const noKeys: ScriptKeys = { find: () => undefined };

/**
 * The key that a script named or gave: `name:Alice` or `Alice` is an object, a PEM text or a JWK
 * (as text or object) is the key itself, bytes are a secret. Throws Error when there is no such
 * key; its message never shows the key.
 */
export function keyFor(keys: ScriptKeys, given: unknown, use: KeyUse): KeyObject {
  if (ArrayBuffer.isView(given)) return secretOf(given as Uint8Array, use);
  if (typeof given === "object" && given !== null) return keyOfJwk(given, use);
  const text = String(given);
  if (text.startsWith("-----BEGIN ")) return keyOfPem(text, use);
  if (text.trimStart().startsWith("{")) return keyOfJwk(JSON.parse(text) as object, use);
  const name = text.replace(/^name:/, "");
  const found = keys.find(name, use);
  if (found === undefined) throw new Error(`no ${useNames[use]} of the name "${name}"`);
  return found;
}

const useNames: Readonly<Record<KeyUse, string>> = {
  secret: "shared secret key",
  private: "private key",
  public: "certificate or key",
};

function secretOf(bytes: Uint8Array, use: KeyUse): KeyObject {
  const text = Buffer.from(bytes).toString("latin1");
  if (use !== "secret") return keyOfPem(text, use);
  // a certificate is no secret: else a token could be signed with what is public (RFC 8725, 2.1)
  if (text.includes("-----BEGIN ")) throw new Error("what was given is not a shared secret key");
  return createSecretKey(Buffer.from(bytes));
}

function keyOfPem(text: string, use: KeyUse): KeyObject {
  try {
    if (use === "private") return createPrivateKey(text);
    if (use === "public") return createPublicKey(text);
  } catch {
    throw new Error(`what was given is not a ${useNames[use]}`);
  }
  throw new Error("what was given is not a shared secret key");
}

function keyOfJwk(jwk: object, use: KeyUse): KeyObject {
  const { kty, k } = jwk as { kty?: unknown; k?: unknown };
  if (use === "secret") {
    if (kty !== "oct" || typeof k !== "string") throw new Error("the JWK is not a secret key");
    return createSecretKey(Buffer.from(k, "base64url"));
  }
  try {
    const key = { key: { ...jwk }, format: "jwk" as const };
    return use === "private" ? createPrivateKey(key) : createPublicKey(key);
  } catch {
    throw new Error(`the JWK is not a ${useNames[use]}`);
  }
}
