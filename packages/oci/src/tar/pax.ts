import { Fault } from "@lithify/fault";
import { decodeName, encodeName } from "./name-bytes.ts";

/** One record of a PAX extended header. `raw` is the whole record, so that it can be written back unchanged. */
export interface PaxRecord {
  readonly key: string;
  readonly value: Buffer;
  readonly raw: Buffer;
}

const schilyPrefix = "SCHILY.xattr.";
const libarchivePrefix = "LIBARCHIVE.xattr.";

/**
 * The records of a PAX extended header (`LENGTH KEY=VALUE\n`), in order; values are bytes and may hold anything.
 * @throws Fault TAR_INVALID
 */
export function parsePax(body: Buffer): readonly PaxRecord[] {
  const records: PaxRecord[] = [];
  for (let at = 0; at < body.length; ) {
    if (body[at] === 0 && isZeroFrom(body, at)) break;
    const space = body.indexOf(0x20, at);
    const digits = space === -1 ? "" : body.toString("latin1", at, space);
    const length = /^[0-9]{1,9}$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    const equals = space === -1 ? -1 : body.indexOf(0x3d, space);
    const fits = end <= body.length && equals > space + 1 && equals < end && body[end - 1] === 0x0a;
    if (!fits) throw new Fault("TAR_INVALID", "a PAX header", { why: "a record is malformed" });
    records.push({
      key: decodeName(body.subarray(space + 1, equals)),
      value: body.subarray(equals + 1, end - 1),
      raw: body.subarray(at, end),
    });
    at = end;
  }
  return records;
}

/** One record as bytes; the length counts itself. */
export function paxRecord(key: string, value: Uint8Array | string): Buffer {
  const bytes = typeof value === "string" ? encodeName(value) : Buffer.from(value);
  const rest = Buffer.concat([Buffer.from(" "), encodeName(key), Buffer.from("=")]);
  const withoutLength = rest.length + bytes.length + 1;
  let length = withoutLength + String(withoutLength).length;
  if (String(length).length + withoutLength !== length) length += 1;
  return Buffer.concat([Buffer.from(String(length)), rest, bytes, Buffer.from("\n")]);
}

export function xattrKey(name: string): string {
  return `${schilyPrefix}${name}`;
}

/**
 * The extended attribute that a record carries: `SCHILY.xattr.NAME` holds it as bytes (GNU tar, Go),
 * `LIBARCHIVE.xattr.NAME` URL-encoded and in base 64 (bsdtar).
 */
export function xattrOf(
  record: PaxRecord,
):
  | { readonly name: string; readonly value: Buffer; readonly form: "schily" | "libarchive" }
  | undefined {
  if (record.key.startsWith(schilyPrefix)) {
    const name = record.key.slice(schilyPrefix.length);
    return { name, value: record.value, form: "schily" };
  }
  if (record.key.startsWith(libarchivePrefix)) {
    const name = percentDecoded(record.key.slice(libarchivePrefix.length));
    const value = Buffer.from(record.value.toString("latin1"), "base64");
    return { name, value, form: "libarchive" };
  }
  return undefined;
}

/** A whole number of a record. @throws Fault TAR_INVALID */
export function paxInteger(record: PaxRecord): number {
  const text = record.value.toString("latin1");
  const number = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(number)) return number;
  throw malformed(record, text);
}

/** A time of a record: decimal seconds. @throws Fault TAR_INVALID */
export function paxTime(record: PaxRecord): number {
  const text = record.value.toString("latin1");
  if (/^-?[0-9]{1,14}(\.[0-9]{0,30})?$/.test(text)) return Number(text);
  throw malformed(record, text);
}

function malformed(record: PaxRecord, text: string): Fault {
  return new Fault("TAR_INVALID", "a PAX header", {
    why: `${record.key} is not a number`,
    values: { record: record.key, value: text.slice(0, 100) },
  });
}

function percentDecoded(text: string): string {
  const bytes = encodeName(text).toString("latin1");
  const decoded = bytes.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return decodeName(Buffer.from(decoded, "latin1"));
}

function isZeroFrom(body: Buffer, at: number): boolean {
  return body.subarray(at).every((byte) => byte === 0);
}
