import { createPublicKey, createSecretKey, type KeyObject } from "node:crypto";
import { fileOfUrl } from "../../config/locations.ts";
import type { ConfigObject } from "../../config/model.ts";
import type { KeyUse, ScriptKeys } from "../../script/script-keys.ts";
import { textOf } from "../properties.ts";
import { Refusals } from "../refusals.ts";
import { readCryptoFile, UnreadableCrypto } from "./crypto-files.ts";
import { type CryptoReader, readCertificate, readKey } from "./crypto-objects.ts";

/**
 * The keys of a domain that the scripts with these sources can use by name: nothing is read while
 * messages are served. An object whose key cannot be read is refused where a script has its name as
 * a text, and otherwise left out.
 */
export function readScriptKeys(reader: CryptoReader, sources: readonly string[]): ScriptKeys {
  const keys = new Map<string, KeyObject>();
  for (const object of reader.domain.objects.values()) {
    const read = readers[object.kind];
    if (read === undefined || !object.enabled) continue;
    const own = new Refusals(object);
    const found = read({ ...reader, refusals: own }, object);
    const named = sources.some((source) => names(source, object.name));
    for (const { why } of named ? own.list : []) reader.refusals.add(object, why);
    if (own.list.length > 0) continue;
    for (const [use, key] of Object.entries(found)) keys.set(`${use} ${object.name}`, key);
  }
  return { find: (name, use) => keys.get(`${use} ${name}`) ?? keys.get(`fallback ${use} ${name}`) };
}

type Found = Readonly<Partial<Record<KeyUse | `fallback ${KeyUse}`, KeyObject>>>;

const readers: Readonly<Record<string, (reader: CryptoReader, object: ConfigObject) => Found>> = {
  CryptoKey(reader, object) {
    const key = readKey(reader, object.name, { object });
    // a certificate of the same name comes before the key's own public half
    return key === undefined ? {} : { private: key, "fallback public": createPublicKey(key) };
  },
  CryptoCertificate(reader, object) {
    const [own] = readCertificate(reader, object.name, { object }) ?? [];
    return own === undefined ? {} : { public: own.publicKey };
  },
  CryptoSSKey(reader, object) {
    const secret = readSecret(reader, object);
    return secret === undefined ? {} : { secret };
  },
};

/** The bytes of a file, or what it writes as `0x` and hexadecimal digits; without the last newline. */
function readSecret(reader: CryptoReader, object: ConfigObject): KeyObject | undefined {
  const url = textOf(object, "file-name");
  const file = /^(?:cert|sharedcert):/i.test(url)
    ? fileOfUrl(reader.root, reader.domain.name, url)
    : undefined;
  if (file === undefined) {
    reader.refusals.add(object, `${url || "its file"} is no place for a shared secret key`);
    return undefined;
  }
  try {
    const bytes = readCryptoFile(file);
    const text = bytes.toString("latin1").replace(/\r?\n$/, "");
    const digits = /^0x((?:[0-9a-f]{2})+)$/i.exec(text)?.[1];
    const secret = digits === undefined ? Buffer.from(text, "latin1") : Buffer.from(digits, "hex");
    if (secret.length === 0) throw new UnreadableCrypto("its file is empty");
    return createSecretKey(secret);
  } catch (error) {
    if (!(error instanceof UnreadableCrypto)) throw error;
    reader.refusals.add(object, `${url}: ${error.message}`);
    return undefined;
  }
}

/** Whether a text of this name stands in a script. */
function names(source: string, name: string): boolean {
  return ["'", '"', "`"].some((quote) =>
    [`${quote}${name}${quote}`, `${quote}name:${name}${quote}`].some((text) =>
      source.includes(text),
    ),
  );
}
