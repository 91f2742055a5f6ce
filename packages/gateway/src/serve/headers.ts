/** HTTP headers: names without regard to case, their spelling and order kept, several values each. */
export class Headers {
  #entries = new Map<string, { name: string; values: string[]; own: boolean }>();

  /** From Node's flat list of names and values. */
  static fromRaw(raw: readonly string[]): Headers {
    const headers = new Headers();
    for (let at = 0; at + 1 < raw.length; at += 2) headers.#add(raw[at]!, raw[at + 1]!, false);
    return headers;
  }

  /** One header that is known to be well-formed. */
  static of(name: string, value: string): Headers {
    const headers = new Headers();
    headers.#add(name, value, true);
    return headers;
  }

  copy(): Headers {
    const headers = new Headers();
    for (const [key, { name, values }] of this.#entries) {
      headers.#entries.set(key, { name, values: [...values], own: false });
    }
    return headers;
  }

  get(name: string): string | undefined {
    return this.#entries.get(name.toLowerCase())?.values.join(", ");
  }

  values(name: string): readonly string[] {
    return this.#entries.get(name.toLowerCase())?.values ?? [];
  }

  /** True when a policy or script has set it, as opposed to what came with the message. */
  wasSet(name: string): boolean {
    return this.#entries.get(name.toLowerCase())?.own === true;
  }

  /** Replaces; no values removes. Throws TypeError for text that HTTP does not allow there. */
  set(name: string, values: readonly string[]): void {
    if (values.length === 0) {
      this.#entries.delete(name.toLowerCase());
      return;
    }
    checkHeader(name, values);
    this.#entries.set(name.toLowerCase(), { name, values: [...values], own: true });
  }

  append(name: string, value: string): void {
    checkHeader(name, [value]);
    this.#add(name, value, true);
  }

  delete(name: string): void {
    this.#entries.delete(name.toLowerCase());
  }

  /** All of them as lines of a message, each with its CRLF. */
  lines(): string {
    let text = "";
    for (const { name, values } of this.#entries.values()) {
      for (const value of values) text += `${name}: ${value}\r\n`;
    }
    return text;
  }

  *[Symbol.iterator](): Generator<readonly [string, readonly string[]]> {
    for (const { name, values } of this.#entries.values()) yield [name, values];
  }

  #add(name: string, value: string, own: boolean): void {
    const known = this.#entries.get(name.toLowerCase());
    if (known === undefined) this.#entries.set(name.toLowerCase(), { name, values: [value], own });
    else known.values.push(value);
  }
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
