import type { KeyObject, X509Certificate } from "node:crypto";
import { fileOfUrl } from "../../config/locations.ts";
import {
  type ConfigDomain,
  type ConfigObject,
  objectKey,
  type PropertyLine,
} from "../../config/model.ts";
import { passwordOf } from "../../config/password-alias.ts";
import { flagOf, lineOf, linesOf, textOf, unservedProperties } from "../properties.ts";
import type { Refusals } from "../refusals.ts";
import { certificatesOf, privateKeyOf, readCryptoFile, UnreadableCrypto } from "./crypto-files.ts";
import type { Validation, ValidationMode } from "./peer-check.ts";

/** A key with its certificates, the key's own first: what an endpoint shows of itself. In PEM. */
export interface Identity {
  readonly name: string;
  readonly key: string;
  readonly certificates: string;
}

/** Where the crypto objects of a domain are read from, and who hears why one cannot be used. */
export interface CryptoReader {
  readonly root: string;
  readonly domain: ConfigDomain;
  readonly refusals: Refusals;
  /** Passwords of aliases come from here: see `passwordOf`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: Date;
}

/** A place that refers to a crypto object. */
export interface Reference {
  readonly object: ConfigObject;
  readonly line?: PropertyLine | undefined;
}

/** The private key of a `key` object; undefined after a refusal. */
export function readKey(
  reader: CryptoReader,
  name: string,
  from: Reference,
): KeyObject | undefined {
  const object = find(reader, "CryptoKey", "key", name, from);
  if (object === undefined) return undefined;
  refuseUnserved(reader, object, ["file-name", "password-alias", "password"]);
  return attempt(reader, object, (bytes) => privateKeyOf(bytes, passwordFor(reader, object)));
}

/**
 * The certificates in the file of a `certificate` object, its own first; undefined after a refusal,
 * also when it is out of its time and the object does not ignore that.
 */
export function readCertificate(
  reader: CryptoReader,
  name: string,
  from: Reference,
): readonly X509Certificate[] | undefined {
  const object = find(reader, "CryptoCertificate", "certificate", name, from);
  if (object === undefined) return undefined;
  refuseUnserved(reader, object, ["file-name", "password-alias", "password", "ignore-expiration"]);
  return attempt(reader, object, (bytes) => {
    const certificates = certificatesOf(bytes, passwordFor(reader, object));
    const [{ validFromDate, validToDate }] = certificates as [X509Certificate];
    if (!flagOf(object, "ignore-expiration")) {
      if (validToDate < reader.now) {
        throw new UnreadableCrypto(`it expired at ${validToDate.toISOString()}`);
      }
      if (validFromDate > reader.now) {
        throw new UnreadableCrypto(`it is valid only from ${validFromDate.toISOString()}`);
      }
    }
    return certificates;
  });
}

/**
 * The key and certificates of an `idcred`, with those of its `ca` lines after its own; undefined
 * after a refusal, also when key and certificate do not belong together.
 */
export function readIdentity(
  reader: CryptoReader,
  name: string,
  from: Reference,
): Identity | undefined {
  const object = find(reader, "CryptoIdentCred", "idcred", name, from);
  if (object === undefined) return undefined;
  refuseUnserved(reader, object, ["key", "certificate", "ca"]);
  const at = (property: string): Reference => ({ object, line: lineOf(object, property) });
  const key = readKey(reader, textOf(object, "key"), at("key"));
  const own = readCertificate(reader, textOf(object, "certificate"), at("certificate"));
  const issuers = linesOf(object, "ca").flatMap((line) =>
    line.arguments.map((issuer) => readCertificate(reader, issuer, { object, line })),
  );
  if (key === undefined || own === undefined || issuers.includes(undefined)) return undefined;
  if (!own[0]!.checkPrivateKey(key)) {
    reader.refusals.add(object, "its key and its certificate do not belong together");
    return undefined;
  }
  const certificates = [...own, ...issuers.flatMap((each) => each?.slice(0, 1) ?? [])];
  return {
    name,
    key: key.export({ format: "pem", type: "pkcs8" }).toString(),
    certificates: certificates.map((each) => each.toString()).join(""),
  };
}

/**
 * What a `valcred` accepts; undefined after a refusal. Refused is what OpenSSL through Node cannot
 * check: revocation lists, policies, and certificates regardless of their dates.
 */
export function readValidation(
  reader: CryptoReader,
  name: string,
  from: Reference,
): Validation | undefined {
  const object = find(reader, "CryptoValCred", "valcred", name, from);
  if (object === undefined) return undefined;
  const { refusals, domain } = reader;
  refuseUnserved(reader, object, [
    "certificate",
    "cert-validation-mode",
    "use-crl",
    "initial-policy-set",
  ]);
  const lists = [...domain.objects.values()].find(({ kind, enabled, lines }) => {
    return kind === "CRLFetch" && enabled && lines.some(({ negated }) => !negated);
  });
  if (flagOf(object, "use-crl") && lists !== undefined) {
    refusals.add(object, "revocation lists (crl) are not served", lineOf(object, "use-crl"));
  }
  for (const line of linesOf(object, "initial-policy-set")) {
    if (line.arguments.some((policy) => policy !== "2.5.29.32.0")) {
      refusals.add(object, "certificate policies are not served", line);
    }
  }
  const mode = textOf(object, "cert-validation-mode");
  if (!isValidationMode(mode)) {
    const line = lineOf(object, "cert-validation-mode");
    refusals.add(object, `cert-validation-mode ${mode} is not known`, line);
    return undefined;
  }
  const certificates = linesOf(object, "certificate").flatMap((line) =>
    line.arguments.map((each) => readCertificate(reader, each, { object, line })),
  );
  if (certificates.length === 0) refusals.add(object, "it has no certificate");
  // what follows the first certificate of a file is no certificate of its object
  const own = certificates.flatMap((each) => each?.slice(0, 1) ?? []);
  return own.length === certificates.length ? { name, mode, certificates: own } : undefined;
}

function find(
  reader: CryptoReader,
  kind: string,
  alias: string,
  name: string,
  from: Reference,
): ConfigObject | undefined {
  const object = reader.domain.objects.get(objectKey(kind, name));
  if (object?.enabled) return object;
  if (object === undefined) {
    const what = name === "" ? `it has no ${alias}` : `${alias} "${name}" does not exist`;
    reader.refusals.add(from.object, what, from.line);
  } else reader.refusals.add(object, "it is disabled");
  return undefined;
}

function refuseUnserved(
  { refusals }: CryptoReader,
  object: ConfigObject,
  served: readonly string[],
): void {
  for (const { line, why } of unservedProperties(object, new Set(served), new Set())) {
    refusals.add(object, why, line);
  }
}

/** Reads the object's file and makes of it what it should be; a failure becomes a refusal. */
function attempt<T>(
  reader: CryptoReader,
  object: ConfigObject,
  make: (bytes: Buffer) => T,
): T | undefined {
  const line = lineOf(object, "file-name");
  const url = textOf(object, "file-name");
  const file = /^(?:cert|sharedcert|pubcert):/i.test(url)
    ? fileOfUrl(reader.root, reader.domain.name, url)
    : undefined;
  if (file === undefined) {
    const why = url === "" ? "it has no file" : `${url} is no place for keys and certificates`;
    reader.refusals.add(object, why, line);
    return undefined;
  }
  try {
    return make(readCryptoFile(file));
  } catch (error) {
    if (!(error instanceof UnreadableCrypto)) throw error;
    reader.refusals.add(object, `${url}: ${error.message}`, line);
    return undefined;
  }
}

/**
 * The password of a key or certificate: of its alias, or as older configurations write it. Throws
 * UnreadableCrypto for an alias without a value.
 */
function passwordFor(reader: CryptoReader, object: ConfigObject): string | undefined {
  const alias = textOf(object, "password-alias");
  if (alias === "") return lineOf(object, "password")?.arguments[0];
  const password = passwordOf(reader.domain, alias, reader.env);
  if (password !== undefined) return password;
  const known = reader.domain.objects.has(objectKey("PasswordAlias", alias));
  throw new UnreadableCrypto(
    known
      ? `there is no password for password-alias "${alias}"`
      : `password-alias "${alias}" does not exist`,
  );
}

function isValidationMode(text: string): text is ValidationMode {
  return text === "legacy" || text === "pkix" || text === "exact-match";
}
