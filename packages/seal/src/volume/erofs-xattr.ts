import { compareNames, decodeName, encodeName } from "@lithify/oci";
import { xattrHeaderSize } from "./erofs-format.ts";

/** Prefixes of names by their index on disk; those without an end stand for one whole name. */
const prefixes: readonly (readonly [index: number, prefix: string])[] = [
  [1, "user."],
  [2, "system.posix_acl_access"],
  [3, "system.posix_acl_default"],
  [4, "trusted."],
  [6, "security."],
];

/** Bytes of the attributes of one inode at most: their count has 16 bits. */
const bytesLimit = xattrHeaderSize + 65534 * 4;

/** What lies behind an inode; empty without attributes, undefined for what EROFS cannot hold. */
export function xattrBytes(xattrs: ReadonlyMap<string, Uint8Array>): Buffer | undefined {
  if (xattrs.size === 0) return Buffer.alloc(0);
  const parts: Buffer[] = [Buffer.alloc(xattrHeaderSize)];
  for (const [name, value] of [...xattrs].sort(([a], [b]) => compareNames(a, b))) {
    const prefix = prefixes.find(([, each]) =>
      each.endsWith(".") ? name.startsWith(each) : name === each,
    );
    if (prefix === undefined || value.length > 0xffff) return undefined;
    const rest = encodeName(name.slice(prefix[1].length));
    if (rest.length > 255) return undefined;
    const entry = Buffer.alloc(Math.ceil((4 + rest.length + value.length) / 4) * 4);
    entry.writeUInt8(rest.length, 0);
    entry.writeUInt8(prefix[0], 1);
    entry.writeUInt16LE(value.length, 2);
    rest.copy(entry, 4);
    entry.set(value, 4 + rest.length);
    parts.push(entry);
  }
  const bytes = Buffer.concat(parts);
  return bytes.length > bytesLimit ? undefined : bytes;
}

/** The attributes behind an inode; undefined for every other form than `xattrBytes` writes. */
export function parseXattrs(bytes: Buffer): ReadonlyMap<string, Uint8Array> | undefined {
  const xattrs = new Map<string, Uint8Array>();
  for (let at = xattrHeaderSize; at < bytes.length; ) {
    const nameSize = bytes.readUInt8(at);
    const prefix = prefixes.find(([index]) => index === bytes.readUInt8(at + 1));
    const valueAt = at + 4 + nameSize;
    const end = valueAt + bytes.readUInt16LE(at + 2);
    if (prefix === undefined || end > bytes.length) return undefined;
    const name = prefix[1] + decodeName(bytes.subarray(at + 4, valueAt));
    xattrs.set(name, Buffer.from(bytes.subarray(valueAt, end)));
    at = Math.ceil(end / 4) * 4;
  }
  return xattrBytes(xattrs)?.equals(bytes) === true ? xattrs : undefined;
}
