import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** A key and a certificate for it, as PEM texts. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly cert: string;
}

/** How long a certificate is good for: it is made anew at each start. */
const days = 398;

const oid = {
  commonName: [0x55, 0x04, 0x03],
  subjectAltName: [0x55, 0x1d, 0x11],
  basicConstraints: [0x55, 0x1d, 0x13],
  extKeyUsage: [0x55, 0x1d, 0x25],
  serverAuth: [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01],
  ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
} as const;

/**
 * A self-signed server certificate (X.509 v3, RFC 5280; ECDSA P-256) for `name` and localhost,
 * made in memory: nothing is written anywhere.
 */
export function selfSigned(name: string, now: Date): KeyAndCertificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = sequence(identifier(oid.ecdsaWithSha256));
  const subject = sequence(
    set(sequence(identifier(oid.commonName), text(0x0c, name.slice(0, 64)))),
  );
  const until = new Date(now.getTime() + days * 86_400_000);
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const body = sequence(
    tagged(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    subject,
    sequence(time(now), time(until)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    tagged(
      0xa3,
      sequence(
        extension(oid.basicConstraints, sequence()),
        extension(oid.extKeyUsage, sequence(identifier(oid.serverAuth))),
        extension(oid.subjectAltName, sequence(...alternativeNames(name))),
      ),
    ),
  );
  const signature = sign("sha256", body, privateKey);
  const bits = der(0x03, Buffer.concat([Buffer.from([0]), signature]));
  const certificate = sequence(body, algorithm, bits);
  const lines = certificate.toString("base64").replaceAll(/.{1,64}/g, "$&\n");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`,
  };
}

function alternativeNames(name: string): Buffer[] {
  const names = [...new Set([name, "localhost"])].filter((each) => /^[\w.-]{1,253}$/.test(each));
  return [...names.map((each) => text(0x82, each)), der(0x87, Buffer.from([127, 0, 0, 1]))];
}

function extension(name: readonly number[], value: Buffer): Buffer {
  return sequence(identifier(name), der(0x04, value));
}

/** UTCTime until 2049, as RFC 5280 4.1.2.5 asks for, then GeneralizedTime. */
function time(at: Date): Buffer {
  const digits = `${at.toISOString().replaceAll(/[-:T]/g, "").slice(0, 14)}Z`;
  return at.getUTCFullYear() < 2050 ? text(0x17, digits.slice(2)) : text(0x18, digits);
}

function identifier(bytes: readonly number[]): Buffer {
  return der(0x06, Buffer.from(bytes));
}

function text(tag: number, value: string): Buffer {
  return der(tag, Buffer.from(value));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function set(...parts: readonly Buffer[]): Buffer {
  return der(0x31, Buffer.concat(parts));
}

function tagged(tag: number, part: Buffer): Buffer {
  return der(tag, part);
}

/** One DER value: tag, length, content (ITU-T X.690). */
function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}
