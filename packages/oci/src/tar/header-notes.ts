import type { BytePatch } from "../deflate/byte-patches.ts";
import { Unpatchable } from "../deflate/unpatchable.ts";
import type { TarEntry } from "./entry.ts";
import { blockSize, checksumOf, fields, numberField, writeChecksum } from "./header.ts";
import type { Member } from "./member.ts";
import { changedOwners, removedXattrs, setAttributes, type TarPatch } from "./patch.ts";
import { parsePax } from "./pax.ts";

/** The fields that a patch may change, and two bytes to each side. */
const start = fields.mode.at - 2;
const end = fields.checksum.at + fields.checksum.length + 2;
const sumAt = end - start;
const noteBytes = sumAt + 4;
const checksumOfNote = { at: fields.checksum.at - start, length: fields.checksum.length };

/** What a patch does to a member: the bytes, and the entry as they say it. `grows`: its headers get another length. */
export type HeaderChange =
  | { readonly answer: "same" }
  | { readonly answer: "bytes"; readonly patch: BytePatch; readonly entry: TarEntry }
  | { readonly answer: "grows" };

/** Of the headers of an archive what is needed to patch them without reading them again: 64 bytes of each member, and its place. */
export class HeaderNotes {
  #at: number[] = [];
  #notes = Buffer.alloc(1024 * noteBytes);
  /** Members whose owner stands in an extension header. */
  #extended = new Set<number>();

  /** Zeros but for what was noted of the member that is looked at. */
  readonly #header = Buffer.alloc(blockSize);

  /** The members come in the order of the archive. */
  add({ at, header, extensions }: Pick<Member, "at" | "header" | "extensions">): void {
    const number = this.#at.length;
    this.#at.push(at);
    if ((number + 1) * noteBytes > this.#notes.length) {
      this.#notes = Buffer.concat([this.#notes, Buffer.alloc(this.#notes.length)]);
    }
    header.copy(this.#notes, number * noteBytes, start, end);
    this.#notes.writeUInt32LE(checksumOf(header), number * noteBytes + sumAt);
    const names = extensions.flatMap(({ type, body }) => (type === "x" ? parsePax(body) : []));
    if (names.some(({ key }) => key === "uid" || key === "gid")) this.#extended.add(number);
  }

  get count(): number {
    return this.#at.length;
  }

  /** The same of the archive after these patches, by the numbers of their members. */
  patched(patches: ReadonlyMap<number, BytePatch>): HeaderNotes {
    const after = new HeaderNotes();
    after.#at = [...this.#at];
    after.#extended = new Set(this.#extended);
    after.#notes = Buffer.from(this.#notes);
    for (const [number, patch] of patches) {
      patch.after.copy(after.#notes, number * noteBytes);
      const sum = numberField(patch.after, checksumOfNote, "checksum");
      after.#notes.writeUInt32LE(sum, number * noteBytes + sumAt);
    }
    return after;
  }

  /** What `patchTar` does to the member with this number. @throws Unpatchable when the new bytes say something else */
  changeOf(number: number, entry: TarEntry, patch: TarPatch): HeaderChange {
    const owners = changedOwners(entry, patch);
    const isExtended = this.#extended.has(number);
    if ((isExtended && owners.size > 0) || removedXattrs(entry, patch).size > 0) {
      return { answer: "grows" };
    }
    const note = this.#notes.subarray(number * noteBytes, (number + 1) * noteBytes);
    const header = this.#header;
    note.copy(header, start, 0, sumAt);
    const others = note.readUInt32LE(sumAt) - checksumOf(header);
    if (!setAttributes(header, entry, patch)) return { answer: "same" };
    writeChecksum(header, others + checksumOf(header));
    // Copies, which share their memory with many
    const before = Buffer.from(note.subarray(0, sumAt));
    const after = Buffer.from(header.subarray(start, end));
    const sum = numberField(header, fields.checksum, "checksum");
    if (sum !== others + checksumOf(header) || !keepsRest(before, after)) {
      throw new Unpatchable("a header is not what it was to become");
    }
    const said = { ...entry, mode: numberField(header, fields.mode, "mode") & 0o7777 };
    if (!isExtended) {
      said.uid = numberField(header, fields.uid, "uid");
      said.gid = numberField(header, fields.gid, "gid");
    }
    const at = (this.#at[number] as number) + start;
    return { answer: "bytes", patch: { at, before, after }, entry: said };
  }
}

/** Of the noted bytes only mode, owner and checksum differ. */
function keepsRest(before: Buffer, after: Buffer): boolean {
  const rest = [
    [0, fields.mode.at],
    [fields.size.at, fields.checksum.at],
    [fields.type.at, end],
  ] as const;
  return rest.every(([from, to]) => {
    const [first, last] = [Math.max(0, from - start), to - start];
    return before.compare(after, first, last, first, last) === 0;
  });
}
