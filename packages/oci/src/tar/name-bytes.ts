import { isUtf8 } from "node:buffer";

const replacementBase = 0xdc00;
const escaped = /[\udc80-\udcff]/;
const beyondAscii = /[^\0-\x7f]/;

/**
 * A file name as text. Bytes that are not UTF-8 become the lone surrogates U+DC80 to U+DCFF (PEP 383),
 * so that `encodeName` gives back exactly the same bytes.
 */
export function decodeName(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    if (length === 0) {
      text += String.fromCharCode(replacementBase + (bytes[at] as number));
      at += 1;
    } else {
      text += bytes.toString("utf8", at, at + length);
      at += length;
    }
  }
  return text;
}

/** The bytes of a file name as `decodeName` gave it. */
export function encodeName(text: string): Buffer {
  if (!escaped.test(text)) return Buffer.from(text, "utf8");
  const parts: Buffer[] = [];
  for (const character of text) {
    const unit = character.charCodeAt(0);
    const isEscape = character.length === 1 && unit >= 0xdc80 && unit <= 0xdcff;
    parts.push(isEscape ? Buffer.of(unit - replacementBase) : Buffer.from(character, "utf8"));
  }
  return Buffer.concat(parts);
}

/** The order of the names' bytes: what `sort` under LC_ALL=C, and every tree here, uses. */
export function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  if (beyondAscii.test(a) && beyondAscii.test(b)) {
    return Buffer.compare(encodeName(a), encodeName(b));
  }
  return a < b ? -1 : 1;
}

/** Sorts names in place in byte order. */
export function sortNames(names: string[]): string[] {
  return names.some((name) => beyondAscii.test(name)) ? names.sort(compareNames) : names.sort();
}

/** Length of the well-formed UTF-8 sequence at `at`, 0 when there is none. */
function sequenceLength(bytes: Buffer, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length += 1) {
    if (isUtf8(bytes.subarray(at, at + length))) return length;
  }
  return 0;
}
