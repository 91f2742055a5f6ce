import { isUtf8 } from "node:buffer";
import type { JsonLimits } from "./limits.ts";

/** A document that was refused as JSON. */
export class JsonRefused extends Error {
  override readonly name = "JsonRefused";
}

const quote = 0x22;
const backslash = 0x5c;

/**
 * The value of a message within limits, which are held against its bytes first.
 * @throws JsonRefused
 */
export function parseJson(bytes: Uint8Array, limits: JsonLimits): unknown {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (limits.bytes > 0 && buffer.length > limits.bytes) {
    throw new JsonRefused(`the document is larger than ${limits.bytes} bytes`);
  }
  if (!isUtf8(buffer)) throw new JsonRefused("the document is not valid UTF-8");
  scan(buffer, limits);
  try {
    return JSON.parse(buffer.toString("utf8"));
  } catch (error) {
    throw new JsonRefused((error as Error).message);
  }
}

/** Holds depth and lengths against the limits. Whether it is JSON at all is the parser's to say. */
function scan(bytes: Buffer, limits: JsonLimits): void {
  let depth = 0;
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at]!;
    if (byte === quote) at = scanString(bytes, at, limits);
    else if (byte === 0x2d || isDigit(byte)) at = scanNumber(bytes, at, limits);
    else {
      if (byte === 0x7b || byte === 0x5b) depth++;
      else if (byte === 0x7d || byte === 0x5d) depth--;
      if (limits.depth > 0 && depth > limits.depth) refuse(`deeper than ${limits.depth}`, at);
      at++;
    }
  }
}

/** A string from its opening quote, which is a label where a colon follows; gives its end. */
function scanString(bytes: Buffer, start: number, limits: JsonLimits): number {
  const end = endOfString(bytes, start + 1);
  const isLabel = bytes[afterSpace(bytes, end + 1)] === 0x3a;
  const limit = isLabel ? limits.labelLength : limits.valueLength;
  if (limit > 0 && end - start - 1 > limit) {
    refuse(`a ${isLabel ? "label" : "string value"} is longer than ${limit}`, start);
  }
  return end + 1;
}

function scanNumber(bytes: Buffer, start: number, limits: JsonLimits): number {
  let at = start;
  while (isNumeric(bytes[at])) at++;
  const limit = limits.numberLength;
  if (limit > 0 && at - start > limit) refuse(`a number is longer than ${limit}`, start);
  return at;
}

/** Where the closing quote is: the first that no odd run of backslashes comes before. */
function endOfString(bytes: Buffer, start: number): number {
  for (let at = bytes.indexOf(quote, start); at >= 0; at = bytes.indexOf(quote, at + 1)) {
    let slashes = 0;
    while (at - slashes > start && bytes[at - slashes - 1] === backslash) slashes++;
    if (slashes % 2 === 0) return at;
  }
  return bytes.length;
}

function afterSpace(bytes: Buffer, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at]! <= 0x20) at++;
  return at;
}

function isNumeric(byte: number | undefined): boolean {
  return byte !== undefined && (isDigit(byte) || [0x2b, 0x2d, 0x2e, 0x45, 0x65].includes(byte));
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function refuse(why: string, at: number): never {
  throw new JsonRefused(`${why} (byte ${at + 1})`);
}
