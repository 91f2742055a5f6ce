import { Fault } from "@lithify/fault";
import type { TarEntry } from "./entry.ts";
import { blockSize, fields, octalLimit, paddingOf, writeChecksum, writeNumber } from "./header.ts";
import { encodeName } from "./name-bytes.ts";
import { paxRecord, xattrKey } from "./pax.ts";

/** What `writeTar` takes; a body is needed for files whose size is not 0, and must have that size. */
export interface TarInput {
  readonly entry: TarEntry;
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
}

const typeFlags: Readonly<Record<TarEntry["type"], string | undefined>> = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  character: "3",
  block: "4",
  directory: "5",
  fifo: "6",
  socket: undefined,
};

/**
 * A tar archive: POSIX headers, PAX records only for what does not fit, two zero blocks at the end.
 * The same input gives the same bytes.
 * @throws Fault TAR_INVALID for what an archive cannot hold, and when a body has not the size of its entry
 */
export async function* writeTar(
  inputs: AsyncIterable<TarInput> | Iterable<TarInput>,
): AsyncGenerator<Uint8Array> {
  for await (const { entry, body } of inputs) {
    yield headerBytes(entry);
    if (entry.type !== "file") continue;
    let written = 0;
    if (body instanceof Uint8Array) {
      written = body.length;
      if (body.length > 0) yield body;
    } else if (body !== undefined) {
      for await (const chunk of body) {
        written += chunk.length;
        yield chunk;
      }
    }
    if (written !== entry.size) {
      throw new Fault("TAR_INVALID", "a file to be archived", {
        why: "its content has another size than its entry",
        values: { path: entry.path, size: entry.size, content: written },
      });
    }
    const padding = paddingOf(entry.size);
    if (padding > 0) yield Buffer.alloc(padding);
  }
  yield Buffer.alloc(2 * blockSize);
}

/** The header of one member, with a PAX header in front where one is needed. */
export function headerBytes(entry: TarEntry): Buffer {
  const flag = typeFlags[entry.type];
  if (flag === undefined) {
    throw new Fault("TAR_INVALID", "an object to be archived", {
      why: `tar has no member type for a ${entry.type}`,
      values: { path: entry.path },
    });
  }
  const records: Buffer[] = [];
  const header = Buffer.alloc(blockSize);
  writeName(header, entry, records);
  writeTarget(header, entry, records);
  writeNumber(header, fields.mode, entry.mode & 0o7777);
  writeOwner(header, "uid", entry.uid, records);
  writeOwner(header, "gid", entry.gid, records);
  const size = entry.type === "file" ? entry.size : 0;
  if (size > octalLimit(fields.size)) records.push(paxRecord("size", String(size)));
  writeNumber(header, fields.size, Math.min(size, octalLimit(fields.size)));
  writeTime(header, entry.mtime, records);
  header.write(flag, fields.type.at, "latin1");
  header.write("ustar\u000000", fields.magic.at, "latin1");
  writeText(header, "uname", entry.uname, records);
  writeText(header, "gname", entry.gname, records);
  writeNumber(header, fields.major, entry.device?.major ?? 0);
  writeNumber(header, fields.minor, entry.device?.minor ?? 0);
  for (const [name, value] of entry.xattrs) records.push(paxRecord(xattrKey(name), value));
  writeChecksum(header);
  if (records.length === 0) return header;
  return Buffer.concat([paxHeader(entry, Buffer.concat(records)), header]);
}

function writeName(header: Buffer, entry: TarEntry, records: Buffer[]): void {
  const text = entry.type === "directory" ? `${entry.path === "" ? "." : entry.path}/` : entry.path;
  const bytes = encodeName(text);
  if (bytes.length <= fields.name.length) {
    bytes.copy(header, fields.name.at);
    return;
  }
  // The last slash that leaves at most 155 bytes before and at most 100 behind it
  const slash = bytes.lastIndexOf(0x2f, Math.min(fields.prefix.length, bytes.length - 2));
  const rest = bytes.length - slash - 1;
  if (slash > 0 && rest <= fields.name.length) {
    bytes.copy(header, fields.prefix.at, 0, slash);
    bytes.copy(header, fields.name.at, slash + 1);
    return;
  }
  records.push(paxRecord("path", bytes));
  bytes.copy(header, fields.name.at, 0, fields.name.length);
}

function writeTarget(header: Buffer, entry: TarEntry, records: Buffer[]): void {
  if (entry.target === undefined) return;
  const bytes = encodeName(entry.target);
  if (bytes.length > fields.linkName.length) records.push(paxRecord("linkpath", bytes));
  bytes.copy(header, fields.linkName.at, 0, fields.linkName.length);
}

function writeOwner(header: Buffer, name: "uid" | "gid", id: number, records: Buffer[]): void {
  const limit = octalLimit(fields[name]);
  if (id > limit) records.push(paxRecord(name, String(id)));
  writeNumber(header, fields[name], Math.min(id, limit));
}

function writeTime(header: Buffer, mtime: number, records: Buffer[]): void {
  const limit = octalLimit(fields.mtime);
  const whole = Math.min(Math.max(Math.floor(mtime), 0), limit);
  if (whole !== mtime) records.push(paxRecord("mtime", decimal(mtime)));
  writeNumber(header, fields.mtime, whole);
}

/** Never in exponent form, which PAX does not know. */
function decimal(seconds: number): string {
  const text = String(seconds);
  return text.includes("e") ? seconds.toFixed(9) : text;
}

function writeText(
  header: Buffer,
  name: "uname" | "gname",
  text: string | undefined,
  records: Buffer[],
): void {
  if (text === undefined) return;
  const bytes = encodeName(text);
  if (bytes.length >= fields[name].length) records.push(paxRecord(name, bytes));
  else bytes.copy(header, fields[name].at);
}

function paxHeader(entry: TarEntry, body: Buffer): Buffer {
  const header = Buffer.alloc(blockSize);
  const base = encodeName(entry.path.slice(entry.path.lastIndexOf("/") + 1));
  Buffer.concat([Buffer.from("PaxHeaders.0/"), base]).copy(header, 0, 0, fields.name.length);
  writeNumber(header, fields.mode, 0o644);
  writeNumber(header, fields.uid, 0);
  writeNumber(header, fields.gid, 0);
  writeNumber(header, fields.size, body.length);
  writeNumber(header, fields.mtime, 0);
  header.write("x", fields.type.at, "latin1");
  header.write("ustar\u000000", fields.magic.at, "latin1");
  writeChecksum(header);
  return Buffer.concat([header, body, Buffer.alloc(paddingOf(body.length))]);
}
