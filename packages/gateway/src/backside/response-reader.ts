import { ChunkDecoder } from "../http/chunk-decoder.ts";
import { BadResponse, type ResponseHead } from "./response-head.ts";
import type { ResponseHeads } from "./response-heads.ts";

/** Longest head of an answer, in bytes. */
const longestHead = 131_072;
/** Most interim answers (1xx) before the one that counts. */
const mostInterim = 16;
/** Bodies of a known length up to this many bytes are handed over whole, with their head. */
const smallBody = 16_384;
/** Answers of up to this many bytes, with their head, are taken in one piece where they come so. */
const smallAnswer = 4096;
const endOfHead = Buffer.from("\r\n\r\n");
const noBytes = Buffer.alloc(0);
const nothing: Buffer[] = [];

/** What a reader tells of one answer. Parts are valid only during the call. */
export interface ResponseSink {
  /** `100 Continue` came. */
  proceed(): void;
  /** The head, with as much of the body as is there; `whole` when that is all of it. */
  head(head: ResponseHead, parts: readonly Buffer[], whole: boolean): void;
  /** The head and all of the body, as latin1: they came in one piece. */
  whole(head: ResponseHead, body: string): void;
  part(bytes: Buffer): void;
  end(): void;
}

/**
 * Takes answers apart as their bytes come, one after the other. Methods throw BadResponse or BadRequest for what is no
 * answer by the strict reading, and for a body that is cut off.
 */
export class ResponseReader {
  #method = "";
  readonly #heads: ResponseHeads;
  readonly #sink: ResponseSink;
  #state: "head" | "small" | "length" | "chunks" | "rest" | "done" = "head";
  #head: ResponseHead | undefined;
  /** What has come of an unfinished head, or of a small body. */
  #kept: Buffer[] = nothing;
  #size = 0;
  /** The last bytes of an unfinished head, in which its end may have begun. */
  #tail = noBytes;
  #left = 0;
  #chunks: ChunkDecoder | undefined;
  #interim = 0;

  constructor(heads: ResponseHeads, sink: ResponseSink) {
    this.#heads = heads;
    this.#sink = sink;
  }

  /** The next answer is one to this method. */
  begin(method: string): void {
    this.#method = method;
    this.#state = "head";
    this.#head = undefined;
    this.#kept = nothing;
    this.#size = 0;
    this.#tail = noBytes;
    this.#chunks = undefined;
    this.#interim = 0;
  }

  get done(): boolean {
    return this.#state === "done";
  }

  /** True when the answer is whole and its connection can be used again. */
  get keepsAlive(): boolean {
    return this.done && this.#head?.keepsAlive === true;
  }

  /** Takes bytes; gives how many of them belong to this answer. */
  feed(bytes: Buffer): number {
    let at = bytes.length <= smallAnswer && this.#atStart ? this.#takeWhole(bytes) : 0;
    while (at < bytes.length && this.#state !== "done") {
      const rest = at === 0 ? bytes : bytes.subarray(at);
      at += this.#state === "head" ? this.#takeHead(rest) : this.#takeBody(rest);
    }
    return at;
  }

  get #atStart(): boolean {
    return this.#state === "head" && this.#size === 0;
  }

  /** Takes an answer that is whole in these bytes, or nothing. */
  #takeWhole(bytes: Buffer): number {
    const text = bytes.toString("latin1");
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) return 0;
    const head = this.#heads.parse(text.slice(0, end + 2), this.#method);
    const { body, status } = head;
    const from = end + endOfHead.length;
    if (typeof body !== "number" || status < 200 || from + body > bytes.length) return 0;
    this.#head = head;
    this.#state = "done";
    this.#sink.whole(head, text.slice(from, from + body));
    return from + body;
  }

  /** The connection has ended: for some bodies this is their end, for all else a failure. */
  finish(): void {
    if (this.#state === "done") return;
    if (this.#state !== "rest") {
      throw new BadResponse(
        this.#head === undefined
          ? "the connection ended before the answer did"
          : "the connection ended within the answer's body",
      );
    }
    this.#end();
  }

  #takeHead(bytes: Buffer): number {
    const before = this.#tail.length;
    const joined = before === 0 ? bytes : Buffer.concat([this.#tail, bytes]);
    const end = joined.indexOf(endOfHead);
    const used = end < 0 ? bytes.length : end + 4 - before;
    if (this.#size + used > longestHead) throw new BadResponse("its header is too long");
    if (end < 0) {
      if (this.#size < 9) checkBeginning(Buffer.concat([...this.#kept, bytes]));
      this.#keep(bytes);
      this.#tail = Buffer.from(joined.subarray(-3));
      return used;
    }
    const whole =
      this.#size === 0 ? bytes : Buffer.concat([...this.#kept, bytes.subarray(0, used)]);
    const length = this.#size + used;
    if (this.#size > 0) {
      this.#kept = [];
      this.#size = 0;
      this.#tail = noBytes;
    }
    const head = this.#heads.parse(whole.toString("latin1", 0, length - 2), this.#method);
    if (head.status < 200) {
      this.#takeInterim(head);
      return used;
    }
    this.#head = head;
    return used + this.#beginBody(head, bytes.subarray(used));
  }

  #keep(bytes: Buffer): void {
    if (this.#size === 0) this.#kept = [];
    this.#kept.push(Buffer.from(bytes));
    this.#size += bytes.length;
  }

  #takeInterim({ status }: ResponseHead): void {
    if (status === 101) throw new BadResponse("it switches protocols without being asked");
    this.#interim++;
    if (this.#interim > mostInterim) throw new BadResponse("too many interim answers");
    if (status === 100) this.#sink.proceed();
  }

  /** Hands over the head with what is there of the body; gives how many bytes belonged to it. */
  #beginBody(head: ResponseHead, bytes: Buffer): number {
    const { body } = head;
    if (body === "chunked") return this.#beginChunks(head, bytes);
    if (body === "until close") {
      this.#state = "rest";
      this.#sink.head(head, bytes.length === 0 ? [] : [bytes], false);
      return bytes.length;
    }
    if (bytes.length >= body) {
      this.#state = "done";
      this.#sink.head(head, body === 0 ? [] : [bytes.subarray(0, body)], true);
      return body;
    }
    this.#left = body - bytes.length;
    if (body <= smallBody) {
      this.#state = "small";
      this.#size = 0;
      this.#keep(bytes);
    } else {
      this.#state = "length";
      this.#sink.head(head, bytes.length === 0 ? [] : [bytes], false);
    }
    return bytes.length;
  }

  #beginChunks(head: ResponseHead, bytes: Buffer): number {
    this.#state = "chunks";
    const chunks = new ChunkDecoder();
    this.#chunks = chunks;
    const parts: Buffer[] = [];
    const used = chunks.feed(bytes, (part) => parts.push(part));
    if (chunks.done) this.#state = "done";
    this.#sink.head(head, parts, chunks.done);
    return used;
  }

  #takeBody(bytes: Buffer): number {
    if (this.#state === "rest") {
      this.#sink.part(bytes);
      return bytes.length;
    }
    if (this.#chunks !== undefined) {
      const used = this.#chunks.feed(bytes, (part) => this.#sink.part(part));
      if (this.#chunks.done) this.#end();
      return used;
    }
    const part = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
    this.#left -= part.length;
    if (this.#state === "length") this.#sink.part(part);
    else this.#keep(part);
    if (this.#left === 0) this.#end();
    return part.length;
  }

  #end(): void {
    const small = this.#state === "small";
    this.#state = "done";
    if (small) this.#sink.head(this.#head!, this.#kept, true);
    else this.#sink.end();
  }
}

/** What can be told to be no answer before its head is whole. */
function checkBeginning(bytes: Buffer): void {
  const start = bytes.toString("latin1", 0, 9);
  if (!"HTTP/1.1 ".startsWith(start) && !"HTTP/1.0 ".startsWith(start)) {
    throw new BadResponse("it is no HTTP/1.1");
  }
}
