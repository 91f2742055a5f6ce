import { BadRequest, headerLines } from "./request-head.ts";

const longestSizeLine = 1024;
const mostExtensionBytes = 16_384;
const longestTrailers = 16_384;

/**
 * Takes a chunked body apart (RFC 9112, 7.1) by the strict reading: sizes are at most 13
 * hexadecimal digits, every line ends in CRLF, extensions are ignored but bounded, trailers must be
 * well-formed and are left out of the message.
 */
export class ChunkDecoder {
  #state: "size" | "data" | "data end" | "trailers" | "done" = "size";
  #line = "";
  #left = 0;
  #extensions = 0;
  #trailers = 0;

  get done(): boolean {
    return this.#state === "done";
  }

  /** Hands data to `take`; gives how many bytes belonged to this body. Throws BadRequest. */
  feed(bytes: Buffer, take: (part: Buffer) => void): number {
    let at = 0;
    while (at < bytes.length && this.#state !== "done") {
      if (this.#state === "data") {
        const part = bytes.subarray(at, at + this.#left);
        at += part.length;
        this.#left -= part.length;
        if (this.#left === 0) this.#state = "data end";
        take(part);
      } else {
        at = this.#readLine(bytes, at);
      }
    }
    return at;
  }

  #readLine(bytes: Buffer, from: number): number {
    const most = this.#state === "trailers" ? longestTrailers : longestSizeLine;
    const feed = bytes.indexOf(10, from);
    const end = feed < 0 ? bytes.length : feed + 1;
    if (this.#line.length + end - from > most) throw new BadRequest("a line of chunks is too long");
    this.#line += bytes.toString("latin1", from, end);
    if (feed < 0) {
      if (this.#state === "data end" && !"\r\n".startsWith(this.#line)) {
        throw new BadRequest("a chunk is longer than its size");
      }
      return end;
    }
    const line = this.#line;
    this.#line = "";
    if (!line.endsWith("\r\n")) throw new BadRequest("a line of chunks ends without CR");
    this.#take(line);
    return end;
  }

  #take(line: string): void {
    if (this.#state === "data end") {
      if (line !== "\r\n") throw new BadRequest("a chunk is longer than its size");
      this.#state = "size";
    } else if (this.#state === "size") {
      this.#takeSize(line);
    } else if (line === "\r\n") {
      this.#state = "done";
    } else {
      this.#trailers += line.length;
      if (this.#trailers > longestTrailers) throw new BadRequest("the trailers are too long");
      headerLines(line);
    }
  }

  #takeSize(line: string): void {
    const found = /^([0-9A-Fa-f]{1,13})([ \t]*;[\t\x20-\x7e\x80-\xff]*)?\r\n$/.exec(line);
    if (found === null) throw new BadRequest("the size of a chunk is malformed");
    this.#extensions += found[2]?.length ?? 0;
    if (this.#extensions > mostExtensionBytes) throw new BadRequest("chunk extensions too long");
    this.#left = Number.parseInt(found[1]!, 16);
    this.#state = this.#left === 0 ? "trailers" : "data";
  }
}
