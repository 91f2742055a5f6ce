import { Fault } from "@lithify/fault";
import { type TarLimits, tarLimits } from "./entry.ts";
import { blockSize, checkChecksum, fields, isZeroBlock, numberField, paddingOf } from "./header.ts";
import { type Extension, type Member, memberOf } from "./member.ts";
import { SparseExpander } from "./sparse.ts";

/** Where a scanner puts what it finds, in the order of the archive. Together the raw bytes are the archive. */
export interface TarSink {
  member(member: Member): void;
  /** Content; of a sparse file with its holes filled, unless the scanner is told to give bytes as stored. */
  body(bytes: Buffer): void;
  /** End of a member, with its padding. */
  end(padding: Buffer): void;
  /** Everything behind the last member. */
  trailer(bytes: Buffer): void;
}

type State =
  | { readonly at: "header" }
  | { readonly at: "extension"; readonly type: Extension["type"]; readonly header: Buffer }
  | { readonly at: "sparse"; readonly header: Buffer; readonly blocks: Buffer[] }
  | { readonly at: "body"; left: number; readonly padding: number }
  | { readonly at: "padding"; readonly padding: number }
  | { readonly at: "last" }
  | { readonly at: "trailer" };

/**
 * Takes a tar archive in pieces of any size and tells the sink what is in it; nothing is asynchronous,
 * so that an archive of 100,000 members costs no 100,000 promises.
 * `push` and `end` throw Fault TAR_INVALID and LIMIT_EXCEEDED. What is not whole yet at the end of a piece is copied: a
 * piece is the caller's again when `push` returns.
 */
export class TarScanner {
  readonly #sink: TarSink;
  readonly #limits: TarLimits;
  readonly #expands: boolean;
  #state: State = { at: "header" };
  /** Bytes of the archive before this piece, and up to what was looked at last. */
  #before = 0;
  #passed = 0;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #extensions: Extension[] = [];
  #members = 0;
  #holeBytes = 0;
  #expander: SparseExpander | undefined;

  constructor(sink: TarSink, options: { limits?: TarLimits | undefined; stored?: boolean } = {}) {
    this.#sink = sink;
    this.#limits = options.limits ?? tarLimits;
    this.#expands = options.stored !== true;
  }

  push(chunk: Uint8Array): void {
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    while (rest.length > 0) {
      const state = this.#state;
      if (state.at === "trailer") {
        this.#sink.trailer(rest);
        return;
      }
      if (state.at === "body") {
        const part = rest.subarray(0, state.left);
        rest = rest.subarray(part.length);
        state.left -= part.length;
        this.#emitBody(part);
        if (state.left === 0) this.#endBody(state.padding);
        continue;
      }
      const wanted = this.#wanted(state) - this.#heldBytes;
      const part = rest.subarray(0, wanted);
      rest = rest.subarray(part.length);
      if (part.length < wanted) {
        this.#held.push(Buffer.from(part));
        this.#heldBytes += part.length;
      } else {
        this.#passed = this.#before + chunk.length - rest.length;
        this.#whole(state, this.#held.length === 0 ? part : this.#joined(part));
      }
    }
    this.#before += chunk.length;
  }

  /** The archive ends here. @throws Fault TAR_INVALID when it is cut off */
  end(): void {
    const { at } = this.#state;
    if (at === "trailer") return;
    if (at === "last") {
      for (const part of this.#held) this.#sink.trailer(part);
      return;
    }
    if (at === "padding" && this.#heldBytes === 0) {
      // umoci 0.4 ends a layer so; readers in Go take it
      this.#end(Buffer.alloc(0));
      return;
    }
    if (at !== "header" || this.#heldBytes > 0 || this.#hasOpenExtension()) {
      throw new Fault("TAR_INVALID", "a tar archive", { why: "it ends in the middle of a member" });
    }
    this.#flushExtensions();
  }

  #joined(part: Buffer): Buffer {
    const whole = Buffer.concat([...this.#held, part]);
    this.#held = [];
    this.#heldBytes = 0;
    return whole;
  }

  #wanted(state: Exclude<State, { at: "body" | "trailer" }>): number {
    if (state.at === "padding") return state.padding;
    if (state.at !== "extension") return blockSize;
    const size = numberField(state.header, fields.size, "size");
    return size + paddingOf(size);
  }

  #whole(state: Exclude<State, { at: "body" | "trailer" }>, bytes: Buffer): void {
    if (state.at === "header") this.#header(bytes);
    else if (state.at === "padding") this.#end(bytes);
    else if (state.at === "last") this.#last(bytes);
    else if (state.at === "extension") this.#extension(state.type, state.header, bytes);
    else this.#sparse(state.header, state.blocks, bytes);
  }

  #header(block: Buffer): void {
    if (isZeroBlock(block)) {
      if (this.#hasOpenExtension()) {
        throw new Fault("TAR_INVALID", "a tar archive", {
          why: "an extension header has no member behind it",
        });
      }
      this.#flushExtensions();
      this.#state = { at: "last" };
      this.#sink.trailer(block);
      return;
    }
    checkChecksum(block);
    const type = String.fromCharCode(block[fields.type.at] as number);
    if (type === "x" || type === "g" || type === "L" || type === "K") {
      this.#openExtension(type, block);
    } else if (type === "S" && block[482] !== 0) {
      this.#state = { at: "sparse", header: Buffer.from(block), blocks: [] };
    } else {
      this.#member(block, []);
    }
  }

  /** Behind one zero block some readers stop and others go on, so that what follows must be a second one. */
  #last(block: Buffer): void {
    if (!isZeroBlock(block)) {
      throw new Fault("TAR_INVALID", "a tar archive", {
        why: "something follows a lone zero block: readers disagree whether it counts",
      });
    }
    this.#state = { at: "trailer" };
    this.#sink.trailer(block);
  }

  #openExtension(type: Extension["type"], header: Buffer): void {
    const size = numberField(header, fields.size, "size");
    const { extensionBytes, extensions } = this.#limits;
    if (size < 0) {
      throw new Fault("TAR_INVALID", "a tar extension header", { why: "its size is negative" });
    }
    if (size > extensionBytes) {
      throw new Fault("LIMIT_EXCEEDED", "a tar extension header", {
        values: { bytes: size, limit: extensionBytes },
      });
    }
    if (this.#extensions.length >= extensions) {
      throw new Fault("LIMIT_EXCEEDED", "extension headers in front of one member", {
        values: { limit: extensions },
      });
    }
    if (size === 0) this.#extension(type, header, Buffer.alloc(0));
    else this.#state = { at: "extension", type, header: Buffer.from(header) };
  }

  #extension(type: Extension["type"], header: Buffer, bytes: Buffer): void {
    const size = numberField(header, fields.size, "size");
    const own = Buffer.from(bytes);
    const [body, padding] = [own.subarray(0, size), own.subarray(size)];
    this.#extensions.push({ type, header: Buffer.from(header), body, padding });
    this.#state = { at: "header" };
  }

  #sparse(header: Buffer, blocks: Buffer[], block: Buffer): void {
    blocks.push(Buffer.from(block));
    if (blocks.length * 21 > this.#limits.sparseParts) {
      throw new Fault("LIMIT_EXCEEDED", "the parts of a sparse file", {
        values: { limit: this.#limits.sparseParts },
      });
    }
    if (block[504] === 0) this.#member(header, blocks);
  }

  #member(header: Buffer, sparseBlocks: readonly Buffer[]): void {
    this.#members += 1;
    if (this.#members > this.#limits.entries) {
      throw new Fault("LIMIT_EXCEEDED", "the members of a tar archive", {
        values: { limit: this.#limits.entries },
      });
    }
    const extensions = this.#extensions;
    this.#extensions = [];
    const { entry, storedSize, sparse } = memberOf(header, extensions, sparseBlocks, this.#limits);
    if (sparse !== undefined && this.#expands) {
      this.#expander = new SparseExpander(sparse, this.#limits, (bytes) => this.#sink.body(bytes));
      this.#holeBytes += Math.max(0, sparse.size - storedSize);
      if (this.#holeBytes > this.#limits.holeBytes) {
        throw new Fault("LIMIT_EXCEEDED", "the holes of sparse files", {
          values: { path: entry.path, limit: this.#limits.holeBytes },
        });
      }
    }
    const at = this.#passed - blockSize * (1 + sparseBlocks.length);
    this.#sink.member({ entry, at, extensions, header, sparseBlocks });
    if (storedSize > 0) {
      this.#state = { at: "body", left: storedSize, padding: paddingOf(storedSize) };
    } else {
      this.#endBody(0);
    }
  }

  #emitBody(bytes: Buffer): void {
    if (this.#expander === undefined) this.#sink.body(bytes);
    else this.#expander.push(bytes);
  }

  #endBody(padding: number): void {
    this.#expander?.end();
    this.#expander = undefined;
    if (padding === 0) this.#end(Buffer.alloc(0));
    else this.#state = { at: "padding", padding };
  }

  #end(padding: Buffer): void {
    this.#state = { at: "header" };
    this.#sink.end(padding);
  }

  #hasOpenExtension(): boolean {
    return this.#extensions.some((extension) => extension.type !== "g");
  }

  #flushExtensions(): void {
    for (const { header, body, padding } of this.#extensions) {
      this.#sink.trailer(header);
      this.#sink.trailer(body);
      this.#sink.trailer(padding);
    }
    this.#extensions = [];
  }
}
