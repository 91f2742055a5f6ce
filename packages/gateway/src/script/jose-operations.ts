import type { KeyObject } from "node:crypto";
import {
  CompactEncrypt,
  CompactSign,
  FlattenedEncrypt,
  FlattenedSign,
  flattenedDecrypt,
  flattenedVerify,
  GeneralEncrypt,
  GeneralSign,
} from "jose";
import { isRsa15, type JweMembers, rsa15Decrypt, rsa15Encrypt } from "./jwe-rsa15.ts";
import type { JoseRequest } from "./script-host.ts";
import { type KeyUse, keyFor, type ScriptKeys } from "./script-keys.ts";

/** Algorithms that the product documents. */
export const signatureAlgorithms: readonly string[] = [
  ...["HS256", "HS384", "HS512", "RS256", "RS384", "RS512"],
  ...["ES256", "ES384", "ES512", "PS256", "PS384", "PS512"],
];
export const keyAlgorithms: readonly string[] = [
  ...["RSA1_5", "RSA-OAEP", "RSA-OAEP-256", "A128KW", "A192KW", "A256KW", "dir"],
];
export const contentAlgorithms: readonly string[] = [
  ...["A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512", "A128GCM", "A192GCM", "A256GCM"],
];

type Parameters = Readonly<Record<string, unknown>>;

interface KeyReference {
  readonly text?: string;
  readonly jwk?: object;
  readonly secret?: number;
}

interface Request {
  readonly format: "compact" | "json" | "json_flat";
  readonly signatures: readonly {
    readonly isProtected: Parameters;
    readonly isUnprotected: Parameters;
  }[];
  readonly isProtected: Parameters;
  readonly isUnprotected: Parameters;
  readonly recipients: readonly Parameters[];
  readonly members: Parameters;
  readonly keys: readonly (KeyReference | null)[];
}

/**
 * Signs, verifies, encrypts or decrypts. Sign and encrypt give the compact or JSON text, verify "",
 * decrypt the bytes. Throws Error when it cannot be done or does not hold; for a decryption always
 * with the same words, whatever was wrong.
 */
export async function performJose(
  request: JoseRequest,
  keys: ScriptKeys,
): Promise<string | Uint8Array> {
  const parameters = JSON.parse(request.parameters) as Request;
  // of this realm, not of the script's
  const payload = Uint8Array.from(request.payload);
  const key = (reference: KeyReference, use: KeyUse): KeyObject => {
    const { text, jwk, secret } = reference;
    return keyFor(keys, secret === undefined ? (jwk ?? text) : request.secrets[secret], use);
  };
  switch (request.operation) {
    case "sign":
      return sign(parameters, payload, key);
    case "verify":
      return verify(parameters, key);
    case "encrypt":
      return encrypt(parameters, payload, key);
    case "decrypt":
      return decrypt(parameters, key);
  }
}

type FindKey = (reference: KeyReference, use: KeyUse) => KeyObject;

async function sign(
  { format, signatures, keys }: Request,
  payload: Uint8Array,
  key: FindKey,
): Promise<string> {
  const made = signatures.map(({ isProtected, isUnprotected }, index) => {
    const alg = algorithm({ ...isUnprotected, ...isProtected }.alg, signatureAlgorithms);
    const reference = needed(keys[index]);
    return {
      isProtected,
      isUnprotected,
      key: key(reference, alg.startsWith("HS") ? "secret" : "private"),
      options: { crit: criticalNames(isProtected) },
    };
  });
  const [first] = made;
  if (first === undefined) throw new Error("there is no header to sign with");
  if (format === "compact" || format === "json_flat") {
    if (made.length > 1) throw new Error(`the ${format} form has one signature`);
    if (format === "compact") {
      if (Object.keys(first.isUnprotected).length > 0) {
        throw new Error("the compact form has no unprotected header");
      }
      const signer = new CompactSign(payload).setProtectedHeader(first.isProtected as never);
      return signer.sign(first.key, first.options);
    }
    const signer = new FlattenedSign(payload);
    applied(signer, first);
    return JSON.stringify(await signer.sign(first.key, first.options));
  }
  const signer = new GeneralSign(payload);
  for (const each of made) applied(signer.addSignature(each.key, each.options), each);
  return JSON.stringify(await signer.sign());
}

/** Sets the headers that are not empty. */
function applied(
  target: {
    setProtectedHeader(header: never): unknown;
    setUnprotectedHeader(header: never): unknown;
  },
  header: { readonly isProtected: Parameters; readonly isUnprotected: Parameters },
): void {
  const { isProtected, isUnprotected } = header;
  if (Object.keys(isProtected).length > 0) target.setProtectedHeader(isProtected as never);
  if (Object.keys(isUnprotected).length > 0) target.setUnprotectedHeader(isUnprotected as never);
}

async function verify({ members, keys }: Request, key: FindKey): Promise<string> {
  const { payload, signatures } = members as {
    readonly payload: string;
    readonly signatures: readonly { protected?: string; header?: Parameters; signature: string }[];
  };
  let checked = 0;
  for (const [index, each] of signatures.entries()) {
    const reference = keys[index];
    if (reference === null || reference === undefined) continue;
    const header = { ...each.header, ...decoded(each.protected) };
    const alg = algorithm(header.alg, signatureAlgorithms);
    const against = key(reference, alg.startsWith("HS") ? "secret" : "public");
    const jws = {
      payload,
      signature: each.signature,
      ...(each.protected === undefined ? {} : { protected: each.protected }),
      ...(each.header === undefined ? {} : { header: each.header as never }),
    };
    const options = { algorithms: [alg], crit: criticalNames(header) };
    await flattenedVerify(jws as never, against, options).catch((error: Error) => {
      throw new Error(`signature ${index + 1} does not hold: ${error.message}`);
    });
    checked++;
  }
  if (checked === 0) throw new Error("no key has been set for any signature");
  return "";
}

async function encrypt(request: Request, plaintext: Uint8Array, find: FindKey): Promise<string> {
  const { format, isProtected, isUnprotected, recipients, keys } = request;
  const shared = { ...isUnprotected, ...isProtected };
  algorithm(shared.enc, contentAlgorithms);
  const list = recipients.map((header, index) => {
    const alg = algorithm({ ...shared, ...header }.alg, keyAlgorithms);
    return { header, alg, key: find(needed(keys[index]), encryptionUse(alg)) };
  });
  const [first] = list;
  if (first === undefined) throw new Error("there is no recipient");
  if (format !== "json" && list.length > 1) throw new Error(`the ${format} form has one recipient`);
  if (format === "compact" && Object.keys(isUnprotected).length > 0) {
    throw new Error("the compact form has no unprotected header");
  }
  const single = { ...isProtected, alg: first.alg };
  if (list.some(({ alg }) => isRsa15(alg))) {
    const header = format === "json" ? isProtected : single;
    return rsa15Encrypt(plaintext, {
      format,
      isProtected: header,
      isUnprotected,
      recipients: list,
    });
  }
  const options = { crit: criticalNames({ ...shared }) };
  if (format === "compact") {
    const message = new CompactEncrypt(plaintext).setProtectedHeader(single as never);
    return message.encrypt(first.key, options);
  }
  const message =
    format === "json" ? new GeneralEncrypt(plaintext) : new FlattenedEncrypt(plaintext);
  if (Object.keys(isProtected).length > 0) message.setProtectedHeader(isProtected as never);
  if (Object.keys(isUnprotected).length > 0) {
    message.setSharedUnprotectedHeader(isUnprotected as never);
  }
  if (message instanceof FlattenedEncrypt) {
    message.setProtectedHeader(single as never);
    return JSON.stringify(await message.encrypt(first.key, options));
  }
  for (const { header, key } of list) {
    const recipient = message.addRecipient(key, options);
    if (Object.keys(header).length > 0) recipient.setUnprotectedHeader(header as never);
  }
  return JSON.stringify(await message.encrypt());
}

async function decrypt({ members, keys }: Request, find: FindKey): Promise<Uint8Array> {
  const { recipients, ...message } = members as unknown as JweMembers;
  const shared = { ...message.unprotected, ...decoded(message.protected) };
  let tried = 0;
  for (const [index, recipient] of recipients.entries()) {
    const reference = keys[index];
    if (reference === null || reference === undefined) continue;
    tried++;
    const header = { ...shared, ...recipient.header };
    const alg = algorithm(header.alg, keyAlgorithms);
    const enc = algorithm(header.enc, contentAlgorithms);
    const key = find(reference, alg.startsWith("RSA") ? "private" : "secret");
    const { encrypted_key, ...rest } = { ...message, ...recipient };
    // the compact form has an empty one for `dir`
    const single = encrypted_key === "" ? rest : { ...rest, encrypted_key };
    try {
      if (isRsa15(alg)) return rsa15Decrypt(single, enc, key);
      const { plaintext } = await flattenedDecrypt(present(single) as never, key, {
        keyManagementAlgorithms: [alg],
        contentEncryptionAlgorithms: [enc],
        crit: criticalNames(header),
      });
      return plaintext;
    } catch {
      // the next recipient may have the key
    }
  }
  throw new Error(tried === 0 ? "no key has been set" : "the message cannot be decrypted");
}

/** Without members that are undefined: the library takes those as given. */
function present(members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function encryptionUse(alg: string): KeyUse {
  return alg.startsWith("RSA") ? "public" : "secret";
}

function algorithm(value: unknown, known: readonly string[]): string {
  if (typeof value !== "string") throw new Error("the header has no algorithm");
  if (!known.includes(value)) throw new Error(`algorithm ${value} is not served`);
  return value;
}

function needed(reference: KeyReference | null | undefined): KeyReference {
  if (reference === null || reference === undefined) throw new Error("no key has been set");
  return reference;
}

function decoded(text: unknown): Parameters {
  if (typeof text !== "string" || text === "") return {};
  return JSON.parse(Buffer.from(text, "base64url").toString()) as Parameters;
}

/** Names that `crit` lists are taken as understood by the script, unless they change the algorithm. */
function criticalNames({ crit }: Parameters): Record<string, boolean> {
  if (!Array.isArray(crit)) return {};
  const names = crit.filter((name) => typeof name === "string" && !["b64", "zip"].includes(name));
  return Object.fromEntries(names.map((name) => [name, false]));
}
