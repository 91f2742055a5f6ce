import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHmac,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";

type Parameters = Readonly<Record<string, unknown>>;

/** The members of a JWE in JSON form; text is base64url. */
export interface JweMembers {
  readonly protected?: string;
  readonly unprotected?: Parameters;
  readonly iv: string;
  readonly ciphertext: string;
  readonly tag: string;
  readonly aad?: string;
  readonly recipients: readonly { readonly header?: Parameters; readonly encrypted_key?: string }[];
}

/** One message to encrypt of which at least one recipient has RSA1_5. */
export interface Rsa15Message {
  readonly format: "compact" | "json" | "json_flat";
  readonly isProtected: Parameters;
  readonly isUnprotected: Parameters;
  readonly recipients: readonly {
    readonly header: Parameters;
    readonly alg: string;
    readonly key: KeyObject;
  }[];
}

export function isRsa15(alg: string): boolean {
  return alg === "RSA1_5";
}

/** Encrypts with RSA1_5, which the jose package leaves out (RFC 7518, 4.2 and 5). */
export function rsa15Encrypt(plaintext: Uint8Array, message: Rsa15Message): string {
  const { format, isProtected, isUnprotected, recipients } = message;
  const enc = String({ ...isUnprotected, ...isProtected }.enc);
  const header = encoded(JSON.stringify(isProtected));
  const secret = randomBytes(sizeOf(enc));
  const iv = randomBytes(enc.endsWith("GCM") ? 12 : 16);
  const { ciphertext, tag } = seal(enc, secret, iv, Buffer.from(header), plaintext);
  const wrapped = recipients.map(({ alg, key }) => encoded(wrap(alg, key, secret)));
  const tail = { iv: encoded(iv), ciphertext: encoded(ciphertext), tag: encoded(tag) };
  if (format === "compact") {
    return [header, wrapped[0], tail.iv, tail.ciphertext, tail.tag].join(".");
  }
  const shared = Object.keys(isUnprotected).length > 0 ? { unprotected: isUnprotected } : {};
  if (format === "json_flat") {
    return JSON.stringify({ protected: header, ...shared, encrypted_key: wrapped[0], ...tail });
  }
  const list = recipients.map(({ header: own }, index) => ({
    ...(Object.keys(own).length > 0 ? { header: own } : {}),
    encrypted_key: wrapped[index],
  }));
  return JSON.stringify({ protected: header, ...shared, recipients: list, ...tail });
}

/**
 * Decrypts a message whose recipient has RSA1_5. A key that does not unwrap is replaced by a random
 * one (RFC 7516, 11.5; RFC 3218), so that every wrong message fails alike, at its tag.
 */
export function rsa15Decrypt(
  message: Omit<JweMembers, "recipients"> & { readonly encrypted_key?: string | undefined },
  enc: string,
  key: KeyObject,
): Uint8Array {
  const secret = unwrap(key, Buffer.from(message.encrypted_key ?? "", "base64url"), sizeOf(enc));
  const aad = message.aad === undefined ? "" : `.${message.aad}`;
  return open(
    enc,
    secret,
    {
      iv: Buffer.from(message.iv, "base64url"),
      ciphertext: Buffer.from(message.ciphertext, "base64url"),
      tag: Buffer.from(message.tag, "base64url"),
    },
    Buffer.from(`${message.protected ?? ""}${aad}`),
  );
}

function unwrap(key: KeyObject, wrapped: Buffer, size: number): Buffer {
  const instead = randomBytes(size);
  if (key.asymmetricKeyType !== "rsa") throw new Error("the key is not an RSA key");
  try {
    // OpenSSL rejects implicitly: wrong padding gives a random text
    const secret = privateDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, wrapped);
    return secret.length === size ? secret : instead;
  } catch {
    return instead;
  }
}

/** RFC 7518, 4: the encrypted key for one recipient. */
function wrap(alg: string, key: KeyObject, secret: Buffer): Buffer {
  switch (alg) {
    case "RSA1_5":
      return publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, secret);
    case "RSA-OAEP":
    case "RSA-OAEP-256": {
      const oaepHash = alg === "RSA-OAEP" ? "sha1" : "sha256";
      return publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, secret);
    }
    case "A128KW":
    case "A192KW":
    case "A256KW": {
      const cipher = createCipheriv(`id-aes${alg.slice(1, 4)}-wrap`, key, Buffer.alloc(8, 0xa6));
      return Buffer.concat([cipher.update(secret), cipher.final()]);
    }
    default:
      throw new Error(`algorithm ${alg} does not go with other recipients`);
  }
}

function sizeOf(enc: string): number {
  const bits = Number(enc.slice(1, 4));
  return enc.endsWith("GCM") ? bits / 8 : bits / 4;
}

interface Sealed {
  readonly iv: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

function seal(
  enc: string,
  secret: Buffer,
  iv: Buffer,
  aad: Buffer,
  plaintext: Uint8Array,
): Pick<Sealed, "ciphertext" | "tag"> {
  if (enc.endsWith("GCM")) {
    const cipher = createCipheriv(`aes-${secret.length * 8}-gcm` as "aes-128-gcm", secret, iv);
    cipher.setAAD(aad);
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return { ciphertext, tag: cipher.getAuthTag() };
  }
  const half = secret.length / 2;
  const cipher = createCipheriv(`aes-${half * 8}-cbc`, secret.subarray(half), iv);
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return { ciphertext, tag: cbcTag(secret, aad, iv, ciphertext) };
}

function open(enc: string, secret: Buffer, sealed: Sealed, aad: Buffer): Uint8Array {
  const { iv, ciphertext, tag } = sealed;
  if (enc.endsWith("GCM")) {
    if (tag.length !== 16) throw new Error("the tag has the wrong length");
    const cipher = createDecipheriv(`aes-${secret.length * 8}-gcm` as "aes-128-gcm", secret, iv);
    cipher.setAAD(aad);
    cipher.setAuthTag(tag);
    return Buffer.concat([cipher.update(ciphertext), cipher.final()]);
  }
  const expected = cbcTag(secret, aad, iv, ciphertext);
  if (tag.length !== expected.length || !timingSafeEqual(tag, expected)) {
    throw new Error("the tag does not hold");
  }
  const half = secret.length / 2;
  const cipher = createDecipheriv(`aes-${half * 8}-cbc`, secret.subarray(half), iv);
  return Buffer.concat([cipher.update(ciphertext), cipher.final()]);
}

/** RFC 7518, 5.2.2.1. */
function cbcTag(secret: Buffer, aad: Buffer, iv: Buffer, ciphertext: Buffer): Buffer {
  const half = secret.length / 2;
  const bits = Buffer.alloc(8);
  bits.writeBigUInt64BE(BigInt(aad.length) * 8n);
  const hmac = createHmac(`sha${half * 16}`, secret.subarray(0, half));
  return hmac.update(aad).update(iv).update(ciphertext).update(bits).digest().subarray(0, half);
}

function encoded(value: string | Buffer): string {
  return Buffer.from(value as Buffer).toString("base64url");
}
