import { Fault } from "@lithify/fault";
import { noXattrs, type TarEntry, type TarLimits } from "./entry.ts";
import { type Field, fields, formatOf, numberField, textField } from "./header.ts";
import { decodeName } from "./name-bytes.ts";
import { type PaxRecord, parsePax, paxInteger, paxTime, xattrOf } from "./pax.ts";
import { type Sparse, sparseOfHeader, sparseOfPax } from "./sparse.ts";

/** A header in front of a member that extends it: PAX (`x`, `g`) or GNU long name (`L`) and link name (`K`). */
export interface Extension {
  readonly type: "x" | "g" | "L" | "K";
  readonly header: Buffer;
  readonly body: Buffer;
  readonly padding: Buffer;
}

/** One member as found: what it says, and the very bytes that say it. */
export interface Member {
  readonly entry: TarEntry;
  /** Where in the archive its header stands, behind the extensions. */
  readonly at: number;
  readonly extensions: readonly Extension[];
  readonly header: Buffer;
  /** Extra header blocks of an old GNU sparse file. */
  readonly sparseBlocks: readonly Buffer[];
}

const types: Readonly<Record<string, TarEntry["type"]>> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  S: "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "character",
  "4": "block",
  "5": "directory",
  "6": "fifo",
};

/** Records that, set for the whole archive, would change what a member is: readers disagree whether they count. */
const notGlobal =
  /^(path|linkpath|size|uid|gid|SCHILY\.xattr\..*|LIBARCHIVE\.xattr\..*|GNU\.sparse\..*)$/;

/** What a header with its extensions says. @throws Fault TAR_INVALID, LIMIT_EXCEEDED */
export function memberOf(
  header: Buffer,
  extensions: readonly Extension[],
  sparseBlocks: readonly Buffer[],
  limits: TarLimits,
): { readonly entry: TarEntry; readonly storedSize: number; readonly sparse: Sparse | undefined } {
  const records = recordsOf(extensions);
  const rawPath = pathOf(header, extensions, records);
  const path = cleanPath(rawPath, limits);
  const typeFlag = String.fromCharCode(header[fields.type.at] as number);
  const type = typeOf(typeFlag, rawPath, path);
  const isFile = type === "file";
  const storedSize = sizeOf(header, records, type, path);
  const sparse = isFile
    ? typeFlag === "S"
      ? sparseOfHeader(header, sparseBlocks)
      : sparseOfPax(records)
    : undefined;
  if (sparse !== undefined && sparse.size < 0) throw negativeSize(path, sparse.size);
  const target = targetOf(header, extensions, records, type, path, limits);
  const device = type === "character" || type === "block" ? deviceOf(header, path) : undefined;
  const entry: TarEntry = {
    path,
    type,
    mode: numberField(header, fields.mode, "mode") & 0o7777,
    uid: ownerOf(header, fields.uid, records, "uid", path),
    gid: ownerOf(header, fields.gid, records, "gid", path),
    size: sparse?.size ?? storedSize,
    mtime: timeOf(header, records),
    xattrs: records.length === 0 ? noXattrs : xattrsOf(records),
    ...(target === undefined ? {} : { target }),
    ...(device === undefined ? {} : { device }),
    ...nameOf(header, fields.uname, records, "uname"),
    ...nameOf(header, fields.gname, records, "gname"),
  };
  return { entry, storedSize, sparse };
}

function recordsOf(extensions: readonly Extension[]): readonly PaxRecord[] {
  if (extensions.length === 0) return [];
  for (const extension of extensions) {
    if (extension.type !== "g") continue;
    const record = parsePax(extension.body).find(({ key }) => notGlobal.test(key));
    if (record !== undefined) {
      throw new Fault("TAR_INVALID", "a global PAX header", {
        why: "it sets a record that readers disagree about",
        values: { record: record.key },
      });
    }
  }
  return extensions.flatMap(({ type, body }) => (type === "x" ? parsePax(body) : []));
}

function pathOf(
  header: Buffer,
  extensions: readonly Extension[],
  records: readonly PaxRecord[],
): Buffer {
  const sparseName = lastOf(records, "GNU.sparse.name");
  if (sparseName !== undefined) return sparseName.value;
  const long = oneOf(extensions, "L", lastOf(records, "path"));
  if (long !== undefined) return long;
  const name = textField(header, fields.name);
  const format = formatOf(header);
  if (format !== "ustar" && format !== "star") return name;
  const prefix = textField(header, format === "star" ? { at: 345, length: 131 } : fields.prefix);
  return prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from("/"), name]);
}

/** A name from a GNU extension or a PAX record; both may be there only when they agree. */
function oneOf(
  extensions: readonly Extension[],
  type: "L" | "K",
  record: PaxRecord | undefined,
): Buffer | undefined {
  const body = extensions.findLast((extension) => extension.type === type)?.body;
  const end = body?.indexOf(0) ?? -1;
  const long = end === -1 ? body : body?.subarray(0, end);
  if (long !== undefined && record !== undefined && !long.equals(record.value)) {
    throw new Fault("TAR_INVALID", "a member of a tar archive", {
      why: "its GNU and PAX headers give different names",
      values: { gnu: decodeName(long), pax: decodeName(record.value) },
    });
  }
  return record?.value ?? long;
}

function lastOf(records: readonly PaxRecord[], key: string): PaxRecord | undefined {
  return records.length === 0 ? undefined : records.findLast((record) => record.key === key);
}

function cleanPath(bytes: Buffer, limits: TarLimits): string {
  if (bytes.length > limits.pathBytes) {
    throw new Fault("LIMIT_EXCEEDED", "a path in a tar archive", {
      values: { bytes: bytes.length, limit: limits.pathBytes },
    });
  }
  const text = decodeName(bytes);
  if (text.includes("\0")) {
    throw new Fault("TAR_INVALID", "a path in a tar archive", { why: "it holds a NUL" });
  }
  const names = text.split("/").filter((name) => name !== "" && name !== ".");
  for (const name of names) {
    if (name.length * 3 > limits.nameBytes && Buffer.byteLength(name) > limits.nameBytes) {
      throw new Fault("LIMIT_EXCEEDED", "a name in a tar archive", {
        values: { name: name.slice(0, 100), limit: limits.nameBytes },
      });
    }
  }
  return names.join("/");
}

function typeOf(flag: string, rawPath: Buffer, path: string): TarEntry["type"] {
  const type = types[flag];
  if (type === undefined) {
    throw new Fault("TAR_INVALID", "a member of a tar archive", {
      why: "its type is not known",
      values: { path, type: JSON.stringify(flag) },
    });
  }
  if (type !== "file" || rawPath[rawPath.length - 1] !== 0x2f) return type;
  if (flag === "\0") return "directory";
  throw new Fault("TAR_INVALID", "a member of a tar archive", {
    why: "it is a file whose name ends in a slash: readers disagree what it is",
    values: { path },
  });
}

function sizeOf(
  header: Buffer,
  records: readonly PaxRecord[],
  type: TarEntry["type"],
  path: string,
): number {
  const record = lastOf(records, "size");
  const size = record === undefined ? numberField(header, fields.size, "size") : paxInteger(record);
  if (type === "hardlink") return 0;
  if (size < 0 || (type !== "file" && size !== 0)) {
    if (size < 0) throw negativeSize(path, size);
    throw new Fault("TAR_INVALID", "a member of a tar archive", {
      why: `it is a ${type} with content: readers disagree where the next member starts`,
      values: { path, size },
    });
  }
  return size;
}

function negativeSize(path: string, size: number): Fault {
  const why = "its size is negative";
  return new Fault("TAR_INVALID", "a member of a tar archive", { why, values: { path, size } });
}

function targetOf(
  header: Buffer,
  extensions: readonly Extension[],
  records: readonly PaxRecord[],
  type: TarEntry["type"],
  path: string,
  limits: TarLimits,
): string | undefined {
  if (type !== "hardlink" && type !== "symlink") return undefined;
  const long = oneOf(extensions, "K", lastOf(records, "linkpath"));
  const bytes = long ?? textField(header, fields.linkName);
  if (type === "hardlink") return cleanPath(bytes, limits);
  if (bytes.length > limits.pathBytes) {
    throw new Fault("LIMIT_EXCEEDED", "the target of a link in a tar archive", {
      values: { path, bytes: bytes.length, limit: limits.pathBytes },
    });
  }
  if (bytes.length === 0 || bytes.includes(0)) {
    throw new Fault("TAR_INVALID", "a symbolic link in a tar archive", {
      why: "its target is empty or holds a NUL",
      values: { path },
    });
  }
  return decodeName(bytes);
}

function deviceOf(
  header: Buffer,
  path: string,
): { readonly major: number; readonly minor: number } {
  const major = numberField(header, fields.major, "device major");
  const minor = numberField(header, fields.minor, "device minor");
  // Linux has 12 bits for one and 20 for the other (makedev(3) allows 32 each)
  if ([major, minor].every((number) => number >= 0 && number <= 0xffff_ffff)) {
    return { major, minor };
  }
  throw new Fault("TAR_INVALID", "a device in a tar archive", {
    why: "its numbers are not ones that Linux has",
    values: { path, major, minor },
  });
}

function ownerOf(
  header: Buffer,
  field: Field,
  records: readonly PaxRecord[],
  name: "uid" | "gid",
  path: string,
): number {
  const record = lastOf(records, name);
  const id = record === undefined ? numberField(header, field, name) : paxInteger(record);
  // 2^32 - 1 means "leave as it is" to chown(2)
  if (id >= 0 && id < 0xffff_ffff) return id;
  throw new Fault("TAR_INVALID", "a member of a tar archive", {
    why: `its ${name} is not one that Linux has`,
    values: { path, [name]: id },
  });
}

function timeOf(header: Buffer, records: readonly PaxRecord[]): number {
  const record = lastOf(records, "mtime");
  return record === undefined ? numberField(header, fields.mtime, "mtime") : paxTime(record);
}

function xattrsOf(records: readonly PaxRecord[]): ReadonlyMap<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  const certain = new Set<string>();
  for (const record of records) {
    const xattr = xattrOf(record);
    if (xattr === undefined || (xattr.form === "libarchive" && certain.has(xattr.name))) continue;
    if (xattr.form === "schily") certain.add(xattr.name);
    // A copy: the entry outlives the piece of the archive that it was read from
    found.set(xattr.name, Buffer.from(xattr.value));
  }
  return found.size === 0 ? noXattrs : found;
}

function nameOf<Key extends "uname" | "gname">(
  header: Buffer,
  field: Field,
  records: readonly PaxRecord[],
  key: Key,
): { readonly [name in Key]?: string } {
  const bytes =
    lastOf(records, key)?.value ??
    (formatOf(header) === "v7" ? Buffer.alloc(0) : textField(header, field));
  return (bytes.length === 0 ? {} : { [key]: decodeName(bytes) }) as { [name in Key]?: string };
}
