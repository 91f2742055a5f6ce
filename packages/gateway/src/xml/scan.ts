import { deepestDocument, mostNodes, type XmlLimits } from "./limits.ts";
import { type XmlRefusalKind, XmlRefused } from "./refusal.ts";

/** What a scan has counted. */
export interface XmlCounts {
  readonly elements: number;
  readonly attributes: number;
  readonly depth: number;
  readonly prefixes: number;
  readonly namespaces: number;
  readonly localNames: number;
}

const lessThan = 0x3c;
const greaterThan = 0x3e;
const slash = 0x2f;
const ampersand = 0x26;
const colon = 0x3a;
const equals = 0x3d;
const predefined: ReadonlySet<string> = new Set(["amp", "lt", "gt", "quot", "apos"]);

/**
 * Holds a document in UTF-8 against limits before any memory is spent on it: one pass over the
 * bytes that reads markup as XML 1.0 does. Whether it is well-formed is the parser's to say; what
 * could lead this pass astray is refused here. Document types with an internal subset and
 * references to entities other than the predefined ones are refused, whatever the limits.
 * @throws XmlRefused
 */
export function scanXml(document: Uint8Array, limits: XmlLimits): XmlCounts {
  return new Scan(document, limits).run();
}

class Scan implements XmlCounts {
  readonly #bytes: Buffer;
  readonly #limits: XmlLimits;
  readonly #depthLimit: number;
  readonly #prefixes = new Set<string>();
  readonly #namespaces = new Set<string>();
  readonly #localNames = new Set<string>();
  #at = 0;
  #open = 0;
  #nodes = 0;
  /** Where the next `&` is, so that text without any is looked at once. */
  #ampersand = -1;
  elements = 0;
  attributes = 0;
  depth = 0;

  constructor(document: Uint8Array, limits: XmlLimits) {
    this.#bytes = Buffer.from(document.buffer, document.byteOffset, document.byteLength);
    this.#limits = limits;
    this.#depthLimit = Math.min(limits.elementDepth || deepestDocument, deepestDocument);
  }

  get prefixes(): number {
    return this.#prefixes.size;
  }

  get namespaces(): number {
    return this.#namespaces.size;
  }

  get localNames(): number {
    return this.#localNames.size;
  }

  run(): XmlCounts {
    const bytes = this.#bytes;
    if (this.#limits.bytes > 0 && bytes.length > this.#limits.bytes) {
      this.#refuse("limit", `the document is larger than ${this.#limits.bytes} bytes`);
    }
    while (this.#at < bytes.length) {
      const next = bytes.indexOf(lessThan, this.#at);
      const end = next < 0 ? bytes.length : next;
      if (end > this.#at) this.#text(end);
      if (next < 0) break;
      this.#markup();
    }
    return this;
  }

  #text(end: number): void {
    this.#checkNode(this.#at, end);
    this.#checkReferences(this.#at, end);
    this.#at = end;
  }

  #markup(): void {
    const bytes = this.#bytes;
    const second = bytes[this.#at + 1];
    if (second === slash) {
      this.#open--;
      this.#at = this.#find(">", this.#at + 2) + 1;
    } else if (second === 0x3f) this.#skip("?>", 2);
    else if (second !== 0x21) this.#element();
    else if (bytes[this.#at + 2] === 0x2d) this.#skip("-->", 4);
    else if (bytes[this.#at + 2] === 0x5b) this.#skip("]]>", 9);
    else this.#documentType();
  }

  /** A comment, a CDATA section or a processing instruction: data up to its end. */
  #skip(end: string, opening: number): void {
    const start = this.#at + opening;
    const stop = this.#find(end, start);
    this.#checkNode(start, stop);
    this.#at = stop + end.length;
  }

  /** `<!DOCTYPE name>`, with an external identifier where those are ignored; nothing else. */
  #documentType(): void {
    const bytes = this.#bytes;
    if (bytes.toString("latin1", this.#at, this.#at + 9) !== "<!DOCTYPE") {
      this.#refuse("malformed", "markup that is none");
    }
    let external = false;
    for (let at = this.#at + 9; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === greaterThan) {
        if (external && this.#limits.externalReferences === "forbid") {
          this.#refuse("forbidden", "a reference to an external document type");
        }
        this.#at = at + 1;
        return;
      }
      if (byte === 0x5b) this.#refuse("forbidden", "a document type with an internal subset");
      if (byte === lessThan) this.#refuse("malformed", "markup inside of a document type");
      if (byte === 0x22 || byte === 0x27) {
        external = true;
        at = this.#find(byte === 0x22 ? '"' : "'", at + 1);
      }
    }
    this.#refuse("malformed", "a document type that does not end");
  }

  #element(): void {
    const bytes = this.#bytes;
    this.elements++;
    this.#open++;
    if (this.#open > this.depth) this.depth = this.#open;
    if (this.#open > this.#depthLimit) {
      this.#refuse("limit", `elements are deeper than ${this.#depthLimit}`);
    }
    this.#count();
    let at = this.#name(this.#at + 1, false);
    for (let attributes = 0; ; ) {
      at = skipSpace(bytes, at);
      const byte = bytes[at];
      if (byte === greaterThan) {
        this.#at = at + 1;
        return;
      }
      if (byte === slash && bytes[at + 1] === greaterThan) {
        this.#open--;
        this.#at = at + 2;
        return;
      }
      if (byte === undefined) this.#refuse("malformed", "a tag that does not end");
      attributes++;
      if (this.#limits.attributeCount > 0 && attributes > this.#limits.attributeCount) {
        this.#refuse("limit", `an element has more than ${this.#limits.attributeCount} attributes`);
      }
      at = this.#attribute(at);
    }
  }

  /** One `name="value"` from `start`; gives where it ends. */
  #attribute(start: number): number {
    const bytes = this.#bytes;
    this.attributes++;
    this.#count();
    const nameEnd = this.#name(start, true);
    let at = skipSpace(bytes, nameEnd);
    if (bytes[at] !== equals) this.#refuse("malformed", "an attribute without a value", at);
    at = skipSpace(bytes, at + 1);
    const quote = bytes[at];
    if (quote !== 0x22 && quote !== 0x27) {
      this.#refuse("malformed", "an attribute value without quotes", at);
    }
    const end = this.#find(quote === 0x22 ? '"' : "'", at + 1);
    this.#checkNode(at + 1, end);
    this.#checkReferences(at + 1, end);
    this.#declaration(bytes.toString("latin1", start, nameEnd), at + 1, end);
    return end + 1;
  }

  /** Notes what `xmlns` and `xmlns:prefix` declare. */
  #declaration(name: string, start: number, end: number): void {
    if (!name.startsWith("xmlns") || (name.length > 5 && name[5] !== ":")) return;
    if (name.length > 6) {
      this.#note(this.#prefixes, name.slice(6), this.#limits.prefixes, "prefixes");
    }
    const uri = this.#bytes.toString("latin1", start, end);
    this.#note(this.#namespaces, uri, this.#limits.namespaces, "namespaces");
  }

  /** A name from `start`, noted by its local part unless it declares a namespace; gives its end. */
  #name(start: number, isAttribute: boolean): number {
    const bytes = this.#bytes;
    let local = start;
    let at = start;
    for (; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === colon) local = at + 1;
      else if (byte <= 0x20 || endsName(byte)) break;
    }
    if (at === start) this.#refuse("malformed", "markup without a name", at);
    const declares =
      isAttribute && bytes.toString("latin1", start, Math.min(at, start + 5)) === "xmlns";
    if (!declares || (at > start + 5 && bytes[start + 5] !== colon)) {
      const name = bytes.toString("latin1", local, at);
      this.#note(this.#localNames, name, this.#limits.localNames, "local names");
    }
    return at;
  }

  #note(names: Set<string>, name: string, limit: number, what: string): void {
    names.add(name);
    if (limit > 0 && names.size > limit) this.#refuse("limit", `more than ${limit} ${what}`);
  }

  #checkNode(start: number, end: number): void {
    this.#count();
    const { nodeSize } = this.#limits;
    if (nodeSize > 0 && end - start > nodeSize) {
      this.#refuse("limit", `a node is larger than ${nodeSize} bytes`);
    }
  }

  #count(): void {
    if (++this.#nodes > mostNodes)
      this.#refuse("limit", `the document has more than ${mostNodes} nodes`);
  }

  #checkReferences(start: number, end: number): void {
    if (this.#ampersand < start) this.#ampersand = this.#nextAmpersand(start);
    while (this.#ampersand < end) {
      const at = this.#ampersand;
      if (this.#bytes[at + 1] !== 0x23) {
        const stop = this.#bytes.indexOf(0x3b, at);
        const name = this.#bytes.toString(
          "latin1",
          at + 1,
          Math.max(at + 1, Math.min(stop, at + 40)),
        );
        if (!predefined.has(name)) {
          this.#refuse("forbidden", `a reference to the entity "${name}"`, at);
        }
      }
      this.#ampersand = this.#nextAmpersand(at + 1);
    }
  }

  #nextAmpersand(from: number): number {
    const at = this.#bytes.indexOf(ampersand, from);
    return at < 0 ? Number.POSITIVE_INFINITY : at;
  }

  #find(text: string, from: number): number {
    const at = this.#bytes.indexOf(text, from, "latin1");
    if (at < 0) this.#refuse("malformed", `"${text}" does not come`);
    return at;
  }

  #refuse(kind: XmlRefusalKind, why: string, at = this.#at): never {
    throw new XmlRefused(kind, why, placeOf(this.#bytes, at));
  }
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at]! <= 0x20) at++;
  return at;
}

function endsName(byte: number): boolean {
  return (
    byte === equals ||
    byte === slash ||
    byte === greaterThan ||
    byte === lessThan ||
    byte === 0x22 ||
    byte === 0x27
  );
}

/** The line and column of an offset, from 1. */
function placeOf(bytes: Buffer, offset: number): { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (let at = bytes.indexOf(10); at >= 0 && at < offset; at = bytes.indexOf(10, at + 1)) {
    line++;
    start = at + 1;
  }
  return { line, column: offset - start + 1 };
}
