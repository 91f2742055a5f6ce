import { parseResponseHead, type ResponseHead } from "./response-head.ts";

/** How many heads are kept, by their length: a power of two. */
const places = 16;

/** Longest head that is kept, in characters. */
const longestKept = 4096;

/** Parses heads of answers, and knows those again that came lately: most differ only in a date. */
export class ResponseHeads {
  readonly #texts: string[] = [];
  readonly #heads: ResponseHead[] = [];

  /** As `parseResponseHead`. */
  parse(text: string, method: string): ResponseHead {
    if (method === "HEAD" || text.length > longestKept) return parseResponseHead(text, method);
    const place = text.length & (places - 1);
    if (this.#texts[place] === text) return this.#heads[place]!;
    const head = parseResponseHead(text, method);
    this.#texts[place] = text;
    this.#heads[place] = head;
    return head;
  }
}
