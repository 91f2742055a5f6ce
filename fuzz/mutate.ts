import { type Random, randomFrom } from "./random.ts";

/** Bytes of an input at most, whatever was spliced. */
const inputLimit = 256 * 1024;

/** Texts that parsers of numbers, names and nesting stumble over. */
const tokens = [
  "0",
  "-1",
  "77777777777",
  "99999999999999999999",
  "9007199254740993",
  "1e999",
  "../",
  "/",
  "\0",
  "\n",
  '"',
  "\\",
  "{",
  "[",
  "${a:-",
  "%",
  "<<EOF\n",
  ": ",
  "&a *a",
  "__proto__",
  "constructor",
  "\ufeff",
  "\x80\xff",
  "GNU.sparse.map=0,1",
  "\u202e",
].map((text) => Buffer.from(text, "latin1"));

/** Input NUMBER of a run with SEED: the same bytes at any time. The first ones are the corpus as it is. */
export function inputOf(corpus: readonly Buffer[], seed: number, number: number): Buffer {
  const whole = corpus[number];
  if (whole !== undefined) return whole;
  const random = randomFrom(seed * 1_000_003 + number);
  let bytes: Buffer = Buffer.from(corpus[random(corpus.length)] as Buffer);
  for (let left = 1 + random(random(4) === 0 ? 16 : 3); left > 0; left -= 1) {
    bytes = (mutations[random(mutations.length)] as Mutation)(bytes, random, corpus);
  }
  return bytes.subarray(0, inputLimit);
}

type Mutation = (bytes: Buffer, random: Random, corpus: readonly Buffer[]) => Buffer;

const mutations: readonly Mutation[] = [
  flipBit,
  setByte,
  cut,
  remove,
  repeat,
  splice,
  insertToken,
  overwriteToken,
  changeDigits,
  changeLengthField,
];

function flipBit(bytes: Buffer, random: Random): Buffer {
  if (bytes.length === 0) return bytes;
  const at = random(bytes.length);
  bytes[at] = (bytes[at] as number) ^ (1 << random(8));
  return bytes;
}

function setByte(bytes: Buffer, random: Random): Buffer {
  if (bytes.length > 0) bytes[random(bytes.length)] = random(256);
  return bytes;
}

function cut(bytes: Buffer, random: Random): Buffer {
  return bytes.subarray(0, random(bytes.length + 1));
}

function remove(bytes: Buffer, random: Random): Buffer {
  const [from, to] = range(bytes, random);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
}

function repeat(bytes: Buffer, random: Random): Buffer {
  const [from, to] = range(bytes, random);
  const part = bytes.subarray(from, to);
  const times = 1 + random(random(8) === 0 ? 2000 : 4);
  const fitting = Math.min(times, Math.floor(inputLimit / Math.max(1, part.length)));
  const parts = Array.from({ length: fitting }, () => part);
  return Buffer.concat([bytes.subarray(0, to), ...parts, bytes.subarray(to)]);
}

function splice(bytes: Buffer, random: Random, corpus: readonly Buffer[]): Buffer {
  const other = corpus[random(corpus.length)] as Buffer;
  return Buffer.concat([
    bytes.subarray(0, random(bytes.length + 1)),
    other.subarray(random(other.length + 1)),
  ]);
}

function insertToken(bytes: Buffer, random: Random): Buffer {
  const at = random(bytes.length + 1);
  const token = tokens[random(tokens.length)] as Buffer;
  return Buffer.concat([bytes.subarray(0, at), token, bytes.subarray(at)]);
}

function overwriteToken(bytes: Buffer, random: Random): Buffer {
  (tokens[random(tokens.length)] as Buffer).copy(bytes, random(bytes.length + 1));
  return bytes;
}

/** Another digit in place of one that is there: sizes, counts and lengths in text. */
function changeDigits(bytes: Buffer, random: Random): Buffer {
  if (bytes.length === 0) return bytes;
  const start = random(bytes.length);
  for (let step = 0; step < bytes.length; step += 1) {
    const at = (start + step) % bytes.length;
    const byte = bytes[at] as number;
    if (byte < 0x30 || byte > 0x39) continue;
    bytes[at] = 0x30 + random(10);
    return bytes;
  }
  return bytes;
}

/** A whole number in four bytes, as binary formats have it. */
function changeLengthField(bytes: Buffer, random: Random): Buffer {
  if (bytes.length < 4) return bytes;
  const values = [0, 1, 0x7f, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
  const value = values[random(values.length)] as number;
  const at = random(bytes.length - 3);
  if (random(2) === 0) bytes.writeUInt32LE(value, at);
  else bytes.writeUInt32BE(value, at);
  return bytes;
}

function range(bytes: Buffer, random: Random): readonly [number, number] {
  const from = random(bytes.length + 1);
  return [from, from + random(Math.min(1024, bytes.length - from) + 1)];
}
