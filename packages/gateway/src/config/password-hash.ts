import { createHash, timingSafeEqual } from "node:crypto";

const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Most rounds of a sha256-crypt hash that are computed; more would let a file hold up the start. */
const mostRounds = 1_000_000;

/**
 * True when the password belongs to the hash: `$1$salt$…` (md5-crypt) or `$5$[rounds=n$]salt$…`
 * (sha256-crypt), as in `password-hashed` of a user. False for any other form.
 */
export function verifyPassword(password: string, hash: string): boolean {
  const parts = hash.split("$");
  let computed: string | undefined;
  if (parts[1] === "1" && parts.length === 4) computed = md5Crypt(password, parts[2]!);
  if (parts[1] === "5") computed = sha256Crypt(password, parts.slice(2, -1).join("$"));
  if (computed === undefined) return false;
  const one = Buffer.from(computed);
  const other = Buffer.from(hash);
  return one.length === other.length && timingSafeEqual(one, other);
}

/** The md5-crypt hash with this salt of up to eight characters (Poul-Henning Kamp, FreeBSD). */
export function md5Crypt(password: string, salt: string): string {
  const key = Buffer.from(password);
  const seed = Buffer.from(salt.slice(0, 8));
  const inner = digest("md5", [key, seed, key]);
  const parts: Buffer[] = [key, Buffer.from("$1$"), seed, repeated(inner, key.length)];
  for (let left = key.length; left > 0; left >>= 1) {
    parts.push((left & 1) === 1 ? Buffer.from([0]) : key.subarray(0, 1));
  }
  let sum = digest("md5", parts);
  for (let round = 0; round < 1000; round++) {
    sum = digest("md5", roundParts(round, sum, key, seed));
  }
  const order = [0, 6, 12, 1, 7, 13, 2, 8, 14, 3, 9, 15, 4, 10, 5, 11];
  let text = "";
  for (let at = 0; at < 15; at += 3) text += encoded(sum, order.slice(at, at + 3), 4);
  return `$1$${seed.toString()}$${text}${encoded(sum, [11], 2)}`;
}

/** The sha256-crypt hash (Ulrich Drepper, 2008); undefined above a million rounds. */
export function sha256Crypt(password: string, setting: string): string | undefined {
  const [, given, saltText = ""] = /^(?:rounds=(\d+)\$)?(.*)$/s.exec(setting) ?? [];
  const rounds = given === undefined ? 5000 : Math.max(1000, Number(given));
  if (rounds > mostRounds) return undefined;
  const key = Buffer.from(password);
  const seed = Buffer.from(saltText.slice(0, 16));
  const inner = digest("sha256", [key, seed, key]);
  const parts: Buffer[] = [key, seed, repeated(inner, key.length)];
  for (let left = key.length; left > 0; left >>= 1) parts.push((left & 1) === 1 ? inner : key);
  let sum = digest("sha256", parts);
  const keyParts = Array.from({ length: key.length }, () => key);
  const keySequence = repeated(digest("sha256", keyParts), key.length);
  const seedParts = Array.from({ length: 16 + sum[0]! }, () => seed);
  const seedSequence = repeated(digest("sha256", seedParts), seed.length);
  for (let round = 0; round < rounds; round++) {
    sum = digest("sha256", roundParts(round, sum, keySequence, seedSequence));
  }
  let text = "";
  for (let at = 0; at < 10; at++) text += encoded(sum, groupOf(at), 4);
  text += encoded(sum, [31, 30], 3);
  const prefix = given === undefined ? "" : `rounds=${rounds}$`;
  return `$5$${prefix}${seed.toString()}$${text}`;
}

/** The bytes of the sum that make one group of four characters, as the scheme orders them. */
function groupOf(at: number): [number, number, number] {
  const base = [at, at + 10, at + 20] as const;
  const turn = at % 3;
  if (turn === 0) return [base[0], base[1], base[2]];
  return turn === 1 ? [base[2], base[0], base[1]] : [base[1], base[2], base[0]];
}

/** What one of the many rounds hashes. */
function roundParts(round: number, sum: Buffer, key: Buffer, seed: Buffer): Buffer[] {
  const odd = (round & 1) === 1;
  const parts = [odd ? key : sum];
  if (round % 3 !== 0) parts.push(seed);
  if (round % 7 !== 0) parts.push(key);
  parts.push(odd ? sum : key);
  return parts;
}

/** Bytes as characters, six bits each, the last byte lowest. */
function encoded(sum: Buffer, bytes: readonly number[], characters: number): string {
  let bits = bytes.reduce((value, at) => (value << 8) | sum[at]!, 0);
  let text = "";
  for (let count = 0; count < characters; count++) {
    text += alphabet[bits & 63]!;
    bits >>= 6;
  }
  return text;
}

function repeated(bytes: Buffer, length: number): Buffer {
  return Buffer.alloc(length, length === 0 ? undefined : bytes);
}

function digest(algorithm: "md5" | "sha256", parts: readonly Buffer[]): Buffer {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest();
}
