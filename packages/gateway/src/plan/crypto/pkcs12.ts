import { createRequire } from "node:module";

/** What a PKCS#12 file holds, as DER: private keys in PKCS#8, certificates with the key's first. */
export interface Pkcs12Content {
  readonly keys: readonly Buffer[];
  readonly certificates: readonly Buffer[];
}

/** The part of node-forge that is used; it comes without types and is loaded only when needed. */
interface Forge {
  readonly asn1: {
    fromDer(bytes: string): unknown;
    toDer(value: unknown): { getBytes(): string };
  };
  readonly pki: {
    readonly oids: Readonly<Record<string, string>>;
    privateKeyToAsn1(key: unknown): unknown;
    wrapRsaPrivateKey(key: unknown): unknown;
    certificateToAsn1(certificate: unknown): unknown;
  };
  readonly pkcs12: {
    pkcs12FromAsn1(value: unknown, strict: boolean, password: string): ForgeArchive;
  };
}

interface ForgeBag {
  readonly type: string;
  readonly attributes?: { readonly localKeyId?: readonly string[] };
  readonly key?: unknown;
  readonly cert?: unknown;
  readonly asn1?: unknown;
}

interface ForgeArchive {
  readonly safeContents: readonly { readonly safeBags: readonly ForgeBag[] }[];
}

/** A PFX is `SEQUENCE { INTEGER 3, SEQUENCE …` (RFC 7292, 4); the first length has up to 5 bytes. */
const version = Buffer.from([0x02, 0x01, 0x03, 0x30]);
const require = createRequire(import.meta.url);

/**
 * Takes a PKCS#12 file apart; undefined when the bytes are none, "locked" when the password does
 * not open it (without one the empty password is tried).
 */
export function unpackPkcs12(
  bytes: Buffer,
  password: string | undefined,
): Pkcs12Content | "locked" | undefined {
  const at = bytes.subarray(0, 12).indexOf(version);
  if (bytes[0] !== 0x30 || at < 2 || at > 6) return undefined;
  const forge = require("node-forge") as Forge;
  let archive: ForgeArchive;
  try {
    archive = forge.pkcs12.pkcs12FromAsn1(
      forge.asn1.fromDer(bytes.toString("latin1")),
      false,
      password ?? "",
    );
  } catch {
    return "locked";
  }
  const bags = archive.safeContents.flatMap(({ safeBags }) => safeBags);
  const keys = bags.filter(({ type }) => isKeyBag(forge, type));
  const { certBag } = forge.pki.oids;
  const [keyId] = keys[0]?.attributes?.localKeyId ?? [];
  const own = (bag: ForgeBag): number => (bag.attributes?.localKeyId?.[0] === keyId ? 0 : 1);
  const certificates = bags
    .filter(({ type }) => type === certBag)
    .sort((left, right) => own(left) - own(right));
  return {
    keys: keys.map((bag) => derOf(forge, keyOf(forge, bag))),
    certificates: certificates.map((bag) =>
      derOf(forge, bag.cert ? forge.pki.certificateToAsn1(bag.cert) : bag.asn1),
    ),
  };
}

function isKeyBag(forge: Forge, type: string): boolean {
  return type === forge.pki.oids.keyBag || type === forge.pki.oids.pkcs8ShroudedKeyBag;
}

/** RSA keys are parsed by the library; others stay as they were written. */
function keyOf(forge: Forge, bag: ForgeBag): unknown {
  if (!bag.key) return bag.asn1;
  return forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(bag.key));
}

function derOf(forge: Forge, value: unknown): Buffer {
  return Buffer.from(forge.asn1.toDer(value).getBytes(), "latin1");
}
