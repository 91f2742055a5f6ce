import { XPathRefused, type XPathToken, xpathTokens } from "./xpath-tokens.ts";

/** A call of a function with a prefix: where it stands, and its arguments where all are literals. */
export interface XPathCall {
  readonly prefix: string;
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly literals: readonly string[] | undefined;
}

/** What an expression uses besides the document. */
export interface XPathShape {
  readonly prefixes: ReadonlySet<string>;
  readonly calls: readonly XPathCall[];
  /** False for one that is the same over any document. */
  readonly readsDocument: boolean;
}

/** Longest expression, in characters, and deepest nesting of its parentheses and brackets. */
export const longestExpression = 16_384;
export const deepestExpression = 64;

/** Core functions with the fewest and the most arguments (XPath 1.0, section 4). */
const coreFunctions: Readonly<Record<string, readonly [number, number]>> = {
  last: [0, 0],
  position: [0, 0],
  count: [1, 1],
  id: [1, 1],
  "local-name": [0, 1],
  "namespace-uri": [0, 1],
  name: [0, 1],
  string: [0, 1],
  concat: [2, Number.POSITIVE_INFINITY],
  "starts-with": [2, 2],
  contains: [2, 2],
  "substring-before": [2, 2],
  "substring-after": [2, 2],
  substring: [2, 3],
  "string-length": [0, 1],
  "normalize-space": [0, 1],
  translate: [3, 3],
  boolean: [1, 1],
  not: [1, 1],
  true: [0, 0],
  false: [0, 0],
  lang: [1, 1],
  number: [0, 1],
  sum: [1, 1],
  floor: [1, 1],
  ceiling: [1, 1],
  round: [1, 1],
};

/** Functions that look at the context node where they have no argument, or always. */
const contextFunctions: ReadonlySet<string> = new Set(
  "id lang local-name name namespace-uri normalize-space number string string-length".split(" "),
);

const nodeTypes: ReadonlySet<string> = new Set([
  "comment",
  "text",
  "processing-instruction",
  "node",
]);
const axes: ReadonlySet<string> = new Set(
  (
    "ancestor ancestor-or-self attribute child descendant descendant-or-self following " +
    "following-sibling parent preceding preceding-sibling self"
  ).split(" "),
);

/** Reads an expression by the grammar of XPath 1.0. Throws XPathRefused. */
export function readXPath(source: string): XPathShape {
  if (source.length > longestExpression) {
    throw new XPathRefused(
      `${source.slice(0, 40)}…`,
      `longer than ${longestExpression} characters`,
    );
  }
  return new Reader(source).read();
}

class Reader {
  readonly #source: string;
  readonly #tokens: readonly XPathToken[];
  readonly #prefixes = new Set<string>();
  readonly #calls: XPathCall[] = [];
  #at = 0;
  #depth = 0;
  #readsDocument = false;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = xpathTokens(source);
  }

  read(): XPathShape {
    this.#expression();
    if (this.#token.kind !== "end") this.#refuse();
    const readsDocument = this.#readsDocument;
    return { prefixes: this.#prefixes, calls: this.#calls, readsDocument };
  }

  #expression(): void {
    if (++this.#depth > deepestExpression) {
      throw new XPathRefused(this.#source, `nested deeper than ${deepestExpression}`);
    }
    let operator = "";
    do {
      // the operands of a union have no sign
      while (operator !== "|" && this.#isSymbol("-")) this.#at++;
      this.#path();
      operator = this.#operator();
    } while (operator !== "");
    this.#depth--;
  }

  #operator(): string {
    const { kind, text } = this.#token;
    if (kind !== "operator") return "";
    this.#at++;
    return text;
  }

  #path(): void {
    const { kind, text } = this.#token;
    const primary =
      kind === "literal" || kind === "number" || text === "$" || text === "(" || this.#startsCall();
    if (!primary) {
      this.#location();
      return;
    }
    this.#primary();
    this.#predicates();
    if (this.#isSymbol("/") || this.#isSymbol("//")) {
      this.#at++;
      this.#steps();
    }
  }

  #startsCall(): boolean {
    if (this.#token.kind !== "name") return false;
    const [, second, third, fourth] = this.#tokens.slice(this.#at, this.#at + 4);
    if (second?.text === ":" && third?.kind === "name") return fourth?.text === "(";
    return second?.text === "(" && !nodeTypes.has(this.#token.text);
  }

  #primary(): void {
    const { kind, text } = this.#token;
    if (text === "$" && kind === "symbol") {
      throw new XPathRefused(this.#source, "no variable is bound here");
    }
    if (kind === "literal" || kind === "number") this.#at++;
    else if (text === "(") {
      this.#at++;
      this.#expression();
      this.#expect(")");
    } else this.#call();
  }

  #call(): void {
    const { start } = this.#token;
    const { prefix, name } = this.#qualifiedName();
    this.#expect("(");
    const first = this.#at;
    let count = 0;
    if (!this.#isSymbol(")")) {
      do {
        this.#expression();
        count++;
      } while (this.#skipSymbol(","));
    }
    const args = this.#tokens.slice(first, this.#at);
    const close = this.#expect(")");
    if (prefix === undefined) this.#checkCore(name, count);
    else {
      const literal = args.every(({ kind, text }, at) =>
        at % 2 === 0 ? kind === "literal" : text === ",",
      );
      const literals = literal
        ? args.filter(({ kind }) => kind === "literal").map(({ text }) => text.slice(1, -1))
        : undefined;
      this.#calls.push({ prefix, name, start, end: close.start + 1, literals });
    }
  }

  #checkCore(name: string, count: number): void {
    if (contextFunctions.has(name) && (count === 0 || name === "id" || name === "lang")) {
      this.#readsDocument = true;
    }
    const arity = Object.hasOwn(coreFunctions, name) ? coreFunctions[name] : undefined;
    if (arity === undefined) throw new XPathRefused(this.#source, `no function ${name}()`);
    if (count < arity[0] || count > arity[1]) {
      throw new XPathRefused(this.#source, `${name}() does not take ${count} arguments`);
    }
  }

  #location(): void {
    this.#readsDocument = true;
    if (this.#skipSymbol("/")) {
      if (this.#startsStep()) this.#steps();
      return;
    }
    this.#skipSymbol("//");
    this.#steps();
  }

  #startsStep(): boolean {
    const { kind, text } = this.#token;
    return kind === "name" || (kind === "symbol" && ["*", "@", ".", ".."].includes(text));
  }

  #steps(): void {
    do this.#step();
    while (this.#skipSymbol("/") || this.#skipSymbol("//"));
  }

  #step(): void {
    if (this.#skipSymbol(".") || this.#skipSymbol("..")) return;
    if (!this.#skipSymbol("@") && this.#tokens[this.#at + 1]?.text === "::") {
      const axis = this.#token.text;
      if (!axes.has(axis)) throw new XPathRefused(this.#source, `the axis ${axis} is not served`);
      this.#at += 2;
    }
    this.#nodeTest();
    this.#predicates();
  }

  #nodeTest(): void {
    if (this.#skipSymbol("*")) return;
    if (this.#token.kind !== "name") this.#refuse();
    const [, second, third] = this.#tokens.slice(this.#at, this.#at + 3);
    if (nodeTypes.has(this.#token.text) && second?.text === "(") {
      const takesName = this.#token.text === "processing-instruction" && third?.kind === "literal";
      this.#at += takesName ? 3 : 2;
      this.#expect(")");
    } else if (second?.text === ":" && third?.text === "*") {
      // no blank may stand in a name, nor in this one
      if (third.start !== this.#token.start + this.#token.text.length + 1) this.#refuse();
      this.#prefixes.add(this.#token.text);
      this.#at += 3;
    } else this.#qualifiedName();
  }

  #qualifiedName(): { prefix: string | undefined; name: string } {
    const { text, start } = this.#token;
    if (this.#token.kind !== "name") this.#refuse();
    this.#at++;
    if (!this.#skipSymbol(":")) return { prefix: undefined, name: text };
    const name = this.#token;
    // no blank may stand in a name
    if (name.kind !== "name" || name.start !== start + text.length + 1) this.#refuse();
    this.#at++;
    this.#prefixes.add(text);
    return { prefix: text, name: name.text };
  }

  #predicates(): void {
    while (this.#skipSymbol("[")) {
      this.#expression();
      this.#expect("]");
    }
  }

  get #token(): XPathToken {
    return this.#tokens[this.#at]!;
  }

  #isSymbol(text: string): boolean {
    return (
      this.#token.kind !== "literal" && this.#token.kind !== "name" && this.#token.text === text
    );
  }

  #skipSymbol(text: string): boolean {
    const is = this.#isSymbol(text) && this.#token.kind === "symbol";
    if (is) this.#at++;
    return is;
  }

  #expect(text: string): XPathToken {
    const token = this.#token;
    if (!this.#skipSymbol(text)) this.#refuse();
    return token;
  }

  #refuse(): never {
    const { kind, text, start } = this.#token;
    const what = kind === "end" ? "it ends too early" : `unexpected "${text}" at ${start + 1}`;
    throw new XPathRefused(this.#source, what);
  }
}
