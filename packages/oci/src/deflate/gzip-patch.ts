import { gzipMemberLength, gzipMemberLengthAt, gzipStartBytes } from "../blob/gzip.ts";
import { BitWriter } from "./bit-writer.ts";
import { type BytePatch, BytePatches } from "./byte-patches.ts";
import { CrcChange } from "./crc-change.ts";
import { bytesBehind, DeflatePatcher } from "./deflate-patch.ts";
import { Unpatchable } from "./unpatchable.ts";

const trailerBytes = 8;
/** Looked at behind the last byte of the stream. */
const behind = Buffer.alloc(bytesBehind);
/** Of a member's own header; names and comments are short where there are any. */
const headerBytes = 64 * 1024;

/** A piece of input, and what the one before left. */
const inputBytes = 768 * 1024;

interface Member {
  /** Where its content begins. */
  readonly place: number;
  readonly body: DeflatePatcher;
  /** Says in its header how long it is: what is written waits for that. */
  readonly isFramed: boolean;
}

/**
 * A gzip stream of one or more members whose content has some bytes changed, without compressing it anew: see
 * `DeflatePatcher`. What comes depends on the stream and the patches alone, not on any encoder. All throw Unpatchable.
 */
export class GzipPatcher {
  readonly #changes: BytePatches;
  readonly #out = new BitWriter();
  /** What of `#out` is not bound to change. */
  #done = 0;
  readonly #input = new Input();
  /** Bits of the input's first byte that are read. */
  #bit = 0;
  #place = 0;
  #member: Member | undefined;

  constructor(patches: readonly BytePatch[]) {
    this.#changes = new BytePatches(patches);
  }

  /** Takes the next bytes of the stream and gives what is known of the new one. */
  push(bytes: Uint8Array): Buffer {
    this.#input.add(bytes);
    while (this.#step(this.#input.bytes, false));
    return this.#taken();
  }

  /** The stream ends here. */
  end(): Buffer {
    while (this.#input.bytes.length > 0 && this.#step(this.#input.bytes, true));
    if (this.#input.bytes.length > 0 || this.#member !== undefined) {
      throw new Unpatchable("the stream does not end with a member");
    }
    return this.#taken();
  }

  /** False where more input is needed. */
  #step(input: Buffer, isLast: boolean): boolean {
    const member = this.#member;
    if (member === undefined) return this.#begin(input);
    if (member.body.isEnded) return this.#finish(member, input);
    const whole = isLast ? Buffer.concat([input, behind]) : input;
    const read = member.body.walk(whole, this.#bit, isLast);
    if (!member.body.isEnded) {
      this.#input.take(read >>> 3);
      const isMoved = read > this.#bit;
      this.#bit = read & 7;
      return isMoved;
    }
    this.#input.take((read + 7) >>> 3);
    this.#bit = 0;
    this.#out.align();
    return true;
  }

  #begin(input: Buffer): boolean {
    const length = headerLength(input);
    if (length === undefined) {
      if (input.length > headerBytes) throw new Unpatchable("the header of a member is long");
      return false;
    }
    const header = input.subarray(0, length);
    const framed = gzipMemberLength(header);
    if (framed !== undefined && input.length < framed) return false;
    this.#done = this.#out.length;
    if (framed !== undefined && this.#passes(input.subarray(0, framed))) return true;
    this.#out.bytes(header);
    this.#member = {
      place: this.#place,
      body: new DeflatePatcher(this.#changes, this.#out, this.#place),
      isFramed: framed !== undefined,
    };
    this.#input.take(length);
    return true;
  }

  /** A member that says how long it is, and in which nothing changes, is taken as it is. */
  #passes(member: Buffer): boolean {
    const end = this.#place + member.readUInt32LE(member.length - 4);
    if (this.#changes.nextChange(this.#place) < end) return false;
    this.#out.bytes(member);
    this.#place = end;
    this.#input.take(member.length);
    return true;
  }

  #finish({ place, body, isFramed }: Member, input: Buffer): boolean {
    if (input.length < trailerBytes) return false;
    const end = body.place;
    if (input.readUInt32LE(4) !== (end - place) % 2 ** 32) {
      throw new Unpatchable("a member has another length than it says");
    }
    const trailer = Buffer.from(input.subarray(0, trailerBytes));
    trailer.writeUInt32LE(this.#sumOf(input.readUInt32LE(0), place, end), 0);
    this.#out.bytes(trailer);
    if (isFramed) this.#out.replace(this.#done + gzipMemberLengthAt, this.#out.length - this.#done);
    this.#place = end;
    this.#member = undefined;
    this.#input.take(trailerBytes);
    return true;
  }

  #sumOf(sum: number, start: number, end: number): number {
    const change = new CrcChange(start);
    for (const { place, before, after } of this.#changes.changes(start, end)) {
      change.turn(place, before ^ after);
    }
    return change.applied(sum, end);
  }

  #taken(): Buffer {
    const isWaiting = this.#member?.isFramed === true;
    const taken = this.#out.take(isWaiting ? this.#done : this.#out.length);
    this.#done = 0;
    return taken;
  }
}

/** What came and is not read yet, in one piece of memory. */
class Input {
  #memory = Buffer.allocUnsafeSlow(inputBytes);
  #start = 0;
  #end = 0;

  get bytes(): Buffer {
    return this.#memory.subarray(this.#start, this.#end);
  }

  add(bytes: Uint8Array): void {
    const rest = this.bytes;
    const length = rest.length + bytes.length;
    const memory =
      length <= this.#memory.length ? this.#memory : Buffer.allocUnsafeSlow(length * 2);
    memory.set(rest);
    memory.set(bytes, rest.length);
    this.#memory = memory;
    this.#start = 0;
    this.#end = length;
  }

  take(bytes: number): void {
    this.#start += bytes;
  }
}

/** Bytes of the header of a member (RFC 1952, 2.3); undefined where it is not all there. */
function headerLength(input: Buffer): number | undefined {
  if (input.length < gzipStartBytes) return undefined;
  const flags = input.readUInt8(3);
  if (input.readUInt16BE(0) !== 0x1f8b || input.readUInt8(2) !== 8 || (flags & 0xe0) !== 0) {
    throw new Unpatchable("no member of gzip");
  }
  let length = 10 + ((flags & 4) === 0 ? 0 : 2 + input.readUInt16LE(10));
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue;
    const end: number = input.indexOf(0, length);
    if (end === -1) return undefined;
    length = end + 1;
  }
  if ((flags & 2) !== 0) length += 2;
  return length <= input.length ? length : undefined;
}
