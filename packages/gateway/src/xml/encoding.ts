import { isAscii, isUtf8 } from "node:buffer";
import { XmlRefused } from "./refusal.ts";

/** Encodings besides UTF-8, UTF-16, US-ASCII and ISO-8859-1, by the names that XML gives them. */
const decoded: ReadonlySet<string> = new Set(
  (
    "iso-8859-2 iso-8859-3 iso-8859-4 iso-8859-5 iso-8859-6 iso-8859-7 iso-8859-8 iso-8859-10 " +
    "iso-8859-13 iso-8859-14 iso-8859-15 windows-1250 windows-1251 windows-1252 windows-1253 " +
    "windows-1254 windows-1255 windows-1256 windows-1257 windows-1258 koi8-r koi8-u shift_jis " +
    "euc-jp euc-kr gbk gb2312 gb18030 big5"
  ).split(" "),
);

/** A declaration is looked for in this many bytes. */
const declarationLength = 1024;

/**
 * The document in UTF-8 without a byte order mark: its encoding is what the mark says, else what
 * the XML declaration says, else UTF-8. Throws XmlRefused for an encoding that is not known and
 * for bytes that are none of it.
 */
export function utf8Document(bytes: Uint8Array): Uint8Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = wideEncoding(buffer);
  if (wide !== undefined) return decode(buffer, wide);
  const marked = buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf;
  const declared = declaredEncoding(marked ? buffer.subarray(3) : buffer);
  if (marked || declared === "utf-8") {
    if (!isUtf8(buffer)) throw new XmlRefused("encoding", "the document is not valid UTF-8");
    return marked ? buffer.subarray(3) : buffer;
  }
  if (declared === "us-ascii" || declared === "ascii") {
    if (!isAscii(buffer)) throw new XmlRefused("encoding", "the document is not valid US-ASCII");
    return buffer;
  }
  if (declared === "iso-8859-1" || declared === "latin1") {
    return isAscii(buffer) ? buffer : Buffer.from(buffer.toString("latin1"));
  }
  if (!decoded.has(declared)) {
    throw new XmlRefused("encoding", `the encoding ${declared} is not known here`);
  }
  return decode(buffer, declared);
}

/** UTF-16 by its mark or by the first character; UTF-32 is refused. */
function wideEncoding(buffer: Buffer): "utf-16le" | "utf-16be" | undefined {
  const [a, b, c, d] = buffer;
  const wider = (a === 0 && b === 0) || (c === 0 && d === 0 && (a === 0xff || a === 0x3c));
  if (buffer.length >= 4 && wider) {
    throw new XmlRefused("encoding", "the encoding UTF-32 is not known here");
  }
  if ((a === 0xff && b === 0xfe) || (a === 0x3c && b === 0)) return "utf-16le";
  return (a === 0xfe && b === 0xff) || (a === 0 && b === 0x3c) ? "utf-16be" : undefined;
}

function declaredEncoding(buffer: Buffer): string {
  const start = buffer.toString("latin1", 0, Math.min(buffer.length, declarationLength));
  const declaration = /^<\?xml\s[^?>]*?\bencoding\s*=\s*(?:"([^"]*)"|'([^']*)')/.exec(start);
  return (declaration?.[1] ?? declaration?.[2] ?? "utf-8").toLowerCase();
}

function decode(buffer: Buffer, label: string): Uint8Array {
  try {
    return Buffer.from(new TextDecoder(label, { fatal: true }).decode(buffer));
  } catch {
    throw new XmlRefused("encoding", `the document is not valid ${label}`);
  }
}
