import { BadRequest, HeadParser, type RequestHead } from "../http/request-head.ts";

const noBytes = Buffer.alloc(0);
const endOfHead = Buffer.from("\r\n\r\n");
/** Longer heads are parsed anew each time, so that ten thousand connections keep little. */
const longestKnown = 1024;

/** Collects a request's head from bytes as they come; whole heads are parsed without a copy. */
export class HeadCollector {
  readonly #parser = new HeadParser();
  /** The last head that came whole and alone, as it came: kept connections often repeat it. */
  #known: { readonly text: string; readonly head: RequestHead } | undefined;
  #parts: string[] = [];
  /** The last bytes, in which the end may have begun. */
  #tail = "";
  #size = 0;
  /** What has come of an empty line before the request. */
  #before: "nothing" | "CR" | "empty line" = "nothing";
  /** When the first byte of an unfinished head came, in milliseconds since 1970. */
  since = 0;

  /** True while a head has come in part. */
  get begun(): boolean {
    return this.#size > 0;
  }

  /**
   * Takes a head, or as much of it as there is; gives the bytes after it.
   * Throws BadRequest for what is no HTTP and for a head of more than `most` bytes.
   */
  take(
    bytes: Buffer,
    most: number,
  ): { readonly head: RequestHead | undefined; readonly rest: Buffer } {
    let from = 0;
    if (this.#size === 0) {
      const head = this.#repeated(bytes, most);
      if (head !== undefined) return { head, rest: noBytes };
      from = this.#passEmptyLine(bytes);
      if (from === bytes.length) return { head: undefined, rest: noBytes };
      const end = bytes.indexOf(endOfHead, from);
      if (end >= 0) {
        this.#before = "nothing";
        limit(end - from, most);
        const text = bytes.toString("latin1", from, end + 4);
        const head = this.#parser.parse(text.slice(0, -2));
        if (from > 0 || end + 4 < bytes.length) return { head, rest: bytes.subarray(end + 4) };
        this.#known = text.length > longestKnown ? undefined : { text, head };
        return { head, rest: noBytes };
      }
      this.since = Date.now();
    }
    return this.#takePart(bytes, bytes.toString("latin1", from), most);
  }

  /** The head that the same bytes gave before; a body that came with it is never among them. */
  #repeated(bytes: Buffer, most: number): RequestHead | undefined {
    const known = this.#known;
    if (known === undefined || known.text.length !== bytes.length) return undefined;
    if (bytes.length - endOfHead.length > most || this.#before !== "nothing") return undefined;
    return bytes.toString("latin1") === known.text ? known.head : undefined;
  }

  /** RFC 9112, 2.2: one empty line before a request is passed over, however it comes. */
  #passEmptyLine(bytes: Buffer): number {
    if (this.#before === "CR") {
      if (bytes[0] !== 10) throw new BadRequest("the request is malformed");
      this.#before = "empty line";
      return 1;
    }
    if (this.#before === "empty line" || bytes[0] !== 13) return 0;
    if (bytes.length > 1 && bytes[1] !== 10) return 0;
    this.#before = bytes.length > 1 ? "empty line" : "CR";
    return Math.min(bytes.length, 2);
  }

  #takePart(
    bytes: Buffer,
    text: string,
    most: number,
  ): { readonly head: RequestHead | undefined; readonly rest: Buffer } {
    const joined = this.#tail + text;
    const end = joined.indexOf("\r\n\r\n");
    if (end >= 0) {
      const used = end + 4 - this.#tail.length;
      limit(this.#size + used - endOfHead.length, most);
      this.#before = "nothing";
      this.#parts.push(text.slice(0, used));
      const head = this.#parts.join("");
      this.#parts = [];
      this.#tail = "";
      this.#size = 0;
      const rest = bytes.subarray(bytes.length - text.length + used);
      return { head: this.#parser.parse(head.slice(0, -2)), rest };
    }
    checkPartialHead(joined, this.#size === 0);
    this.#size += text.length;
    // its end may have begun
    limit(this.#size - endOfHead.length + 1, most);
    this.#parts.push(text);
    this.#tail = joined.slice(-3);
    return { head: undefined, rest: noBytes };
  }
}

function limit(size: number, most: number): void {
  if (size > most) throw new BadRequest("the header is too long", "header");
}

/**
 * What can be told to be no HTTP before its end: a line without CR, or no token at the start. The
 * text of a part that is not the first begins with the end of the one before, perhaps in a CRLF.
 */
function checkPartialHead(text: string, first: boolean): void {
  const lone = /[^\r]\n|\r[^\n]/.test(text);
  if (lone || (first && !/^[!#-'*+.^_`|~0-9A-Za-z-]/.test(text))) {
    throw new BadRequest("the request is malformed");
  }
}
