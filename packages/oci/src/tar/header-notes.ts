import type { BytePatch } from "../deflate/byte-patches.ts";
import type { TarEntry } from "./entry.ts";
import { blockSize, checksumOf, fields, writeChecksum } from "./header.ts";
import type { Member } from "./member.ts";
import { changedOwners, removedXattrs, setAttributes, type TarPatch } from "./patch.ts";
import { parsePax } from "./pax.ts";

/** The fields that a patch may change, and two bytes to each side. */
const start = fields.mode.at - 2;
const end = fields.checksum.at + fields.checksum.length + 2;
const sumAt = end - start;
const noteBytes = sumAt + 4;

/** What a patch does to the bytes of a member. `grows`: its headers get another length. */
export type HeaderChange =
  | { readonly answer: "same" }
  | { readonly answer: "bytes"; readonly patch: BytePatch }
  | { readonly answer: "grows" };

/** Of the headers of an archive what is needed to patch them without reading them again: 64 bytes of each member, and its place. */
export class HeaderNotes {
  readonly #at: number[] = [];
  #notes = Buffer.alloc(1024 * noteBytes);
  /** Members whose owner stands in an extension header. */
  readonly #extended = new Set<number>();

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

  /** What `patchTar` does to the member with this number. */
  changeOf(number: number, entry: TarEntry, patch: TarPatch): HeaderChange {
    const owners = changedOwners(entry, patch);
    const isExtended = owners.size > 0 && this.#extended.has(number);
    if (isExtended || removedXattrs(entry, patch).size > 0) return { answer: "grows" };
    const note = this.#notes.subarray(number * noteBytes, (number + 1) * noteBytes);
    const header = Buffer.alloc(blockSize);
    note.copy(header, start, 0, sumAt);
    const others = note.readUInt32LE(sumAt) - checksumOf(header);
    if (!setAttributes(header, entry, patch)) return { answer: "same" };
    writeChecksum(header, others + checksumOf(header));
    const [before, after] = [note.subarray(0, sumAt), header.subarray(start, end)];
    const at = (this.#at[number] as number) + start;
    return { answer: "bytes", patch: { at, before: Buffer.from(before), after } };
  }
}
