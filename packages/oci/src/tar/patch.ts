import type { TarEntry, TarLimits } from "./entry.ts";
import { blockSize, fields, numberField, paddingOf, writeChecksum, writeNumber } from "./header.ts";
import type { Extension, Member } from "./member.ts";
import { type PaxRecord, parsePax, paxRecord, xattrOf } from "./pax.ts";
import { TarScanner } from "./scan.ts";

/** What to change of one member. Fields left out stay as they are. */
export interface TarPatch {
  /** 0 to 0o7777. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Full names of extended attributes; those it has not are ignored. */
  readonly removeXattrs?: readonly string[];
}

/**
 * A tar archive with some attributes changed. Only the fields that change and the checksums over them differ;
 * every other byte, order, padding, sparse maps and trailing blocks included, is passed on as it is. Where an owner is
 * given in a PAX record, or attributes are removed, the PAX header of that member alone is written anew.
 * @throws Fault TAR_INVALID, LIMIT_EXCEEDED
 */
export async function* patchTar(
  bytes: AsyncIterable<Uint8Array>,
  patch: (entry: TarEntry) => TarPatch | undefined,
  limits?: TarLimits,
): AsyncGenerator<Uint8Array> {
  let out: Buffer[] = [];
  const put = (part: Buffer) => {
    if (part.length > 0) out.push(part);
  };
  const scanner = new TarScanner(
    {
      member(member) {
        const change = patch(member.entry);
        for (const part of change === undefined ? bytesOf(member) : patched(member, change)) {
          put(part);
        }
      },
      body: put,
      end: put,
      trailer: put,
    },
    { limits, stored: true },
  );
  for await (const chunk of bytes) {
    scanner.push(chunk);
    yield* out;
    out = [];
  }
  scanner.end();
  yield* out;
}

function bytesOf({ extensions, header, sparseBlocks }: Member): Buffer[] {
  return [...extensions.flatMap(extensionBytes), header, ...sparseBlocks];
}

function extensionBytes({ header, body, padding }: Extension): Buffer[] {
  return [header, body, padding];
}

function patched(member: Member, patch: TarPatch): Buffer[] {
  const { entry, sparseBlocks } = member;
  const header = Buffer.from(member.header);
  if (setAttributes(header, entry, patch)) writeChecksum(header);
  const owners = changedOwners(entry, patch);
  const removed = removedXattrs(entry, patch);
  const extensions = member.extensions.flatMap((extension) =>
    patchedExtension(extension, owners, removed),
  );
  return [...extensions, header, ...sparseBlocks];
}

/** Writes mode and owner into the header of this entry; false where none differs. The checksum is left as it is. */
export function setAttributes(header: Buffer, entry: TarEntry, patch: TarPatch): boolean {
  const owners = changedOwners(entry, patch);
  for (const [name, id] of owners) setNumber(header, name, id);
  if (patch.mode === undefined || patch.mode === entry.mode) return owners.size > 0;
  // Some writers keep the file type above the permission bits
  const above = numberField(header, fields.mode, "mode") - entry.mode;
  setNumber(header, "mode", above + patch.mode);
  return true;
}

export function changedOwners(
  entry: TarEntry,
  patch: TarPatch,
): ReadonlyMap<"uid" | "gid", number> {
  const owners = new Map<"uid" | "gid", number>();
  for (const name of ["uid", "gid"] as const) {
    const id = patch[name];
    if (id !== undefined && id !== entry[name]) owners.set(name, id);
  }
  return owners;
}

export function removedXattrs(entry: TarEntry, patch: TarPatch): ReadonlySet<string> {
  return new Set(patch.removeXattrs?.filter((name) => entry.xattrs.has(name)));
}

/** Keeps the field's own way of ending: digits and NUL, or digits, space and NUL. */
function setNumber(header: Buffer, name: "mode" | "uid" | "gid", value: number): void {
  const field = fields[name];
  const text = header.toString("latin1", field.at, field.at + field.length);
  const parts = /^( *)([0-7]+)([ \0]+)$/.exec(text);
  const width = parts === null ? 0 : (parts[1] as string).length + (parts[2] as string).length;
  const digits = value.toString(8);
  if (parts === null || digits.length > width) {
    writeNumber(header, field, value);
    return;
  }
  const fill = parts[1] === "" ? "0" : " ";
  header.write(digits.padStart(width, fill) + parts[3], field.at, "latin1");
}

function patchedExtension(
  extension: Extension,
  owners: ReadonlyMap<string, number>,
  removed: ReadonlySet<string>,
): Buffer[] {
  if (extension.type !== "x") return extensionBytes(extension);
  const records = parsePax(extension.body);
  const kept = records.flatMap((record) => patchedRecord(record, owners, removed));
  const isSame =
    kept.length === records.length && kept.every((raw, at) => raw === records[at]?.raw);
  if (isSame) return extensionBytes(extension);
  if (kept.length === 0) return [];
  const body = Buffer.concat(kept);
  const header = Buffer.from(extension.header.subarray(0, blockSize));
  writeNumber(header, fields.size, body.length);
  writeChecksum(header);
  return [header, body, Buffer.alloc(paddingOf(body.length))];
}

function patchedRecord(
  record: PaxRecord,
  owners: ReadonlyMap<string, number>,
  removed: ReadonlySet<string>,
): Buffer[] {
  const id = owners.get(record.key);
  if (id !== undefined) return [paxRecord(record.key, String(id))];
  const xattr = xattrOf(record);
  return xattr !== undefined && removed.has(xattr.name) ? [] : [record.raw];
}
