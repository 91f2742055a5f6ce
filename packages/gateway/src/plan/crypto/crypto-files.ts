import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { lstatSync, readFileSync } from "node:fs";
import { unpackPkcs12 } from "./pkcs12.ts";

/** Largest file with a key or certificates, in bytes. */
export const largestCryptoFile = 1024 * 1024;

/** Why a file does not give what it should. */
export class UnreadableCrypto extends Error {}

/** The bytes of a key or certificate file; throws UnreadableCrypto. */
export function readCryptoFile(file: string): Buffer {
  try {
    // a link may lead to the file, but nothing that would block or never end
    const bytes = readFileSync(file);
    if (bytes.length > largestCryptoFile) throw new UnreadableCrypto("its file is too large");
    return bytes;
  } catch (error) {
    if (error instanceof UnreadableCrypto) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const missing = code === "ENOENT" && lstatSync(file, { throwIfNoEntry: false }) === undefined;
    throw new UnreadableCrypto(
      missing ? "its file does not exist" : `its file cannot be read (${code})`,
    );
  }
}

/**
 * The private key in PEM, DER (PKCS#8, PKCS#1, SEC 1) or PKCS#12. Throws UnreadableCrypto, also
 * when the key is encrypted and the password is missing or wrong.
 */
export function privateKeyOf(bytes: Buffer, password: string | undefined): KeyObject {
  const text = bytes.toString("latin1");
  const pem = /-----BEGIN ([A-Z0-9 ]*)PRIVATE KEY-----/.exec(text);
  if (pem !== null) {
    const encrypted = pem[1] === "ENCRYPTED " || /^Proc-Type: 4,ENCRYPTED/m.test(text);
    if (encrypted && password === undefined) throw missingPassword();
    return tryKey([() => createPrivateKey({ key: bytes, passphrase: password })], encrypted);
  }
  const archive = unpackPkcs12(bytes, password);
  if (archive === "locked") throw password === undefined ? missingPassword() : wrongPassword();
  if (archive !== undefined) {
    const [key] = archive.keys;
    if (key === undefined) throw new UnreadableCrypto("its file holds no private key");
    return tryKey([() => createPrivateKey({ key, format: "der", type: "pkcs8" })], false);
  }
  const der = (type: "pkcs8" | "pkcs1" | "sec1") => () =>
    createPrivateKey({ key: bytes, format: "der", type, passphrase: password });
  return tryKey([der("pkcs8"), der("pkcs1"), der("sec1")], password !== undefined);
}

/**
 * The certificates of a file in PEM, DER or PKCS#12, in its order; at least one. Throws
 * UnreadableCrypto.
 */
export function certificatesOf(bytes: Buffer, password: string | undefined): X509Certificate[] {
  const text = bytes.toString("latin1");
  const blocks = text.match(
    /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g,
  );
  if (blocks !== null) return blocks.map((block) => certificate(Buffer.from(block, "latin1")));
  if (text.includes("-----BEGIN ")) throw new UnreadableCrypto("its file holds no certificate");
  const archive = unpackPkcs12(bytes, password);
  if (archive === "locked") throw password === undefined ? missingPassword() : wrongPassword();
  if (archive === undefined) return [certificate(bytes)];
  if (archive.certificates.length === 0) {
    throw new UnreadableCrypto("its file holds no certificate");
  }
  return archive.certificates.map(certificate);
}

function certificate(bytes: Buffer): X509Certificate {
  try {
    return new X509Certificate(bytes);
  } catch {
    throw new UnreadableCrypto("its file holds no certificate in PEM, DER or PKCS#12");
  }
}

/** The first reading that succeeds; what OpenSSL says of a failure is never told: it has no place. */
function tryKey(readings: readonly (() => KeyObject)[], withPassword: boolean): KeyObject {
  let encrypted = withPassword;
  for (const read of readings) {
    try {
      return read();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ERR_MISSING_PASSPHRASE") throw missingPassword();
      if (code === "ERR_OSSL_BAD_DECRYPT") encrypted = true;
    }
  }
  if (encrypted) throw wrongPassword();
  throw new UnreadableCrypto("its file holds no private key in PEM, DER or PKCS#12");
}

function missingPassword(): UnreadableCrypto {
  return new UnreadableCrypto("it is encrypted and there is no password for it");
}

function wrongPassword(): UnreadableCrypto {
  return new UnreadableCrypto("it cannot be decrypted with its password");
}
