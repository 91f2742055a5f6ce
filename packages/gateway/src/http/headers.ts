/** Tells, by its name in lower case, that a header is to be left out. */
export type Skip = (key: string) => boolean;

/** Header lines in their order; shared by copies until one of them changes it. */
interface Block {
  readonly names: readonly string[];
  readonly keys: readonly string[];
  readonly values: readonly string[];
  /** The text made last, and what was left out of it. */
  skip?: Skip;
  text?: string;
  /** The names asked about last that are not among them. */
  lacking?: readonly string[];
}

const nothing: Block = { names: [], keys: [], values: [] };
/** From this many lines on, repeated names are found through a map. */
const many = 32;

/** HTTP headers: names without regard to case, their spelling and order kept, several values each. */
export class Headers {
  #block: Block = nothing;
  /** Names in lower case that a policy or script has set. */
  #own: Set<string> | undefined;

  /** From Node's flat list of names and values. */
  static fromRaw(raw: readonly string[]): Headers {
    const headers = new Headers();
    const names: string[] = [];
    const keys: string[] = [];
    const values: string[] = [];
    for (let at = 0; at + 1 < raw.length; at += 2) {
      names.push(raw[at]!);
      keys.push(raw[at]!.toLowerCase());
      values.push(raw[at + 1]!);
    }
    headers.#block = { names, keys, values };
    return headers;
  }

  /** One header that is known to be well-formed. */
  static of(name: string, value: string): Headers {
    const headers = new Headers();
    const key = name.toLowerCase();
    headers.#block = { names: [name], keys: [key], values: [value] };
    headers.#own = new Set([key]);
    return headers;
  }

  copy(): Headers {
    const headers = new Headers();
    headers.#block = this.#block;
    return headers;
  }

  get(name: string): string | undefined {
    const key = name.toLowerCase();
    const { keys, values } = this.#block;
    const first = keys.indexOf(key);
    if (first < 0) return undefined;
    return keys.includes(key, first + 1) ? this.values(name).join(", ") : values[first];
  }

  values(name: string): readonly string[] {
    const key = name.toLowerCase();
    const { keys, values } = this.#block;
    return values.filter((_, at) => keys[at] === key);
  }

  /**
   * True when there is none of these names, in lower case. The same list, which must not change, is
   * looked up once for all messages with the same lines.
   */
  lacks(keys: readonly string[]): boolean {
    const block = this.#block;
    if (block.lacking === keys) return true;
    if (keys.some((key) => block.keys.includes(key))) return false;
    block.lacking = keys;
    return true;
  }

  /** True when a policy or script has set it, as opposed to what came with the message. */
  wasSet(name: string): boolean {
    return this.#own?.has(name.toLowerCase()) === true;
  }

  /** Replaces; no values removes. Throws TypeError for text that HTTP does not allow there. */
  set(name: string, values: readonly string[]): void {
    if (values.length > 0) checkHeader(name, values);
    const key = name.toLowerCase();
    const first = this.#block.keys.indexOf(key);
    if (first < 0) {
      for (const value of values) this.#add(name, key, value);
    } else {
      this.#replace(first, key, name, values);
    }
    if (values.length > 0) this.#mark(key);
    else this.#own?.delete(key);
  }

  append(name: string, value: string): void {
    checkHeader(name, [value]);
    const key = name.toLowerCase();
    const known = this.#block.keys.includes(key);
    this.#add(name, key, value);
    if (!known) this.#mark(key);
  }

  delete(name: string): void {
    this.set(name, []);
  }

  /** All of them as lines of a message, each with its CRLF, but those to be left out. */
  lines(skip: Skip = skipNone): string {
    const block = this.#block;
    if (block.skip === skip && block.text !== undefined) return block.text;
    const { names, keys, values } = block;
    // joined once, not put together anew whenever a message with these lines is written
    const parts: string[] = [];
    for (let at = 0; at < keys.length; at++) {
      if (!skip(keys[at]!)) parts.push(names[at]!, ": ", values[at]!, "\r\n");
    }
    block.skip = skip;
    block.text = parts.join("");
    return block.text;
  }

  *[Symbol.iterator](): Generator<readonly [string, readonly string[]]> {
    const { names, keys, values } = this.#block;
    if (keys.length < many) {
      for (let at = 0; at < keys.length; at++) {
        const key = keys[at]!;
        if (keys.indexOf(key) < at) continue;
        yield [names[at]!, keys.includes(key, at + 1) ? this.values(key) : [values[at]!]];
      }
      return;
    }
    const grouped = new Map<string, { readonly name: string; readonly values: string[] }>();
    for (let at = 0; at < keys.length; at++) {
      const known = grouped.get(keys[at]!);
      if (known !== undefined) known.values.push(values[at]!);
      else grouped.set(keys[at]!, { name: names[at]!, values: [values[at]!] });
    }
    for (const { name, values: all } of grouped.values()) yield [name, all];
  }

  #mark(key: string): void {
    this.#own ??= new Set();
    this.#own.add(key);
  }

  #add(name: string, key: string, value: string): void {
    const { names, keys, values } = this.#block;
    this.#block = { names: [...names, name], keys: [...keys, key], values: [...values, value] };
  }

  /** Puts values in the place of the first of this name; the others go. */
  #replace(first: number, key: string, name: string, replacing: readonly string[]): void {
    const { names, keys, values } = this.#block;
    const next = { names: [] as string[], keys: [] as string[], values: [] as string[] };
    for (let at = 0; at < keys.length; at++) {
      if (keys[at] !== key) {
        next.names.push(names[at]!);
        next.keys.push(keys[at]!);
        next.values.push(values[at]!);
      } else if (at === first) {
        for (const value of replacing) {
          next.names.push(name);
          next.keys.push(key);
          next.values.push(value);
        }
      }
    }
    this.#block = next;
  }
}

function skipNone(): boolean {
  return false;
}

/** RFC 9110, 5.1 and 5.5: a name is a token, a value has no control characters but the tab. */
function checkHeader(name: string, values: readonly string[]): void {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
    throw new TypeError(`not a header name: ${name}`);
  for (const value of values) {
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value))
      throw new TypeError(`not a value for header ${name}`);
  }
}
