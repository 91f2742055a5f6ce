import type { XmlNode, XmlXPath } from "libxml2-wasm";
import { xmlText } from "./characters.ts";
import { guarded, guardedDisposal, xmlLibrary } from "./library.ts";
import type { XmlTree } from "./parse.ts";
import { readXPath, type XPathCall } from "./xpath-grammar.ts";
import { XPathRefused } from "./xpath-tokens.ts";

/** What an expression gives. Nodes are in document order and live as long as their tree. */
export type XPathValue =
  | { readonly type: "nodes"; readonly nodes: readonly XmlNode[] }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "number"; readonly value: number }
  | { readonly type: "boolean"; readonly value: boolean };

export interface XPathOptions {
  /** What the prefixes of the expression mean. */
  readonly namespaces?: Readonly<Record<string, string>>;
  /** Extension functions, as `{namespace}name`: their arguments must be literals. */
  readonly functions?: ReadonlySet<string>;
}

/** The value of an extension function; a string, or a number. */
export type XPathFunction = (name: string, args: readonly string[]) => string | number;

/**
 * An XPath 1.0 expression. It is checked when it is made, without the library (throws
 * XPathRefused: bad syntax, prefixes without a meaning, functions that are not there), and
 * compiled when first evaluated; its disposal frees what compiling took.
 */
export class XPath implements Disposable {
  readonly source: string;
  readonly #namespaces: Readonly<Record<string, string>>;
  /** False for an expression that is the same over any document. */
  readonly readsDocument: boolean;
  readonly #calls: readonly XPathCall[];
  #compiled: XmlXPath | undefined;

  constructor(source: string, options: XPathOptions = {}) {
    this.source = source;
    this.#namespaces = options.namespaces ?? {};
    const { prefixes, calls, readsDocument } = readXPath(source);
    this.readsDocument = readsDocument;
    for (const prefix of prefixes) {
      if (Object.hasOwn(this.#namespaces, prefix)) continue;
      throw new XPathRefused(source, `the prefix ${prefix} means nothing here`);
    }
    for (const { prefix, name, literals } of calls) {
      if (!options.functions?.has(`{${this.#namespaces[prefix]}}${name}`)) {
        throw new XPathRefused(source, `the function ${prefix}:${name}() is not served`);
      }
      if (literals === undefined) {
        throw new XPathRefused(source, `${prefix}:${name}() is served for literal arguments only`);
      }
    }
    this.#calls = calls;
  }

  /** The value at `node`, or at the document itself. Throws Error for what fails only then. */
  evaluate(tree: XmlTree, call?: XPathFunction, node?: XmlNode): XPathValue {
    const at = node ?? documentNode(tree);
    if (this.#calls.length === 0) {
      this.#compiled ??= this.#compile(this.source);
      const expression = this.#compiled;
      return xpathValue(guarded(() => at.eval(expression)));
    }
    if (call === undefined) throw new XPathRefused(this.source, "no functions are bound");
    const compiled = this.#compile(this.#withValues(call));
    try {
      return xpathValue(guarded(() => at.eval(compiled)));
    } finally {
      guardedDisposal(() => compiled.dispose());
    }
  }

  [Symbol.dispose](): void {
    const compiled = this.#compiled;
    if (compiled !== undefined) guardedDisposal(() => compiled.dispose());
    this.#compiled = undefined;
  }

  #compile(source: string): XmlXPath {
    return guarded(() => xmlLibrary().XmlXPath.compile(source, this.#namespaces));
  }

  /** The library knows no functions but its own: calls of others are replaced by their values. */
  #withValues(call: XPathFunction): string {
    let text = "";
    let from = 0;
    for (const { name, literals, start, end } of this.#calls) {
      if (start < from) continue;
      text += `${this.source.slice(from, start)}(${literalOf(call(name, literals!))})`;
      from = end;
    }
    return text + this.source.slice(from);
  }
}

/** The value as `boolean()` gives it. */
export function truthOf(value: XPathValue): boolean {
  if (value.type === "nodes") return value.nodes.length > 0;
  if (value.type === "string") return value.value !== "";
  return value.type === "number" ? value.value !== 0 && !Number.isNaN(value.value) : value.value;
}

/** The value as `string()` gives it: of nodes, the first. */
export function stringOf(value: XPathValue): string {
  if (value.type === "nodes") return value.nodes[0]?.content ?? "";
  if (value.type === "number" && Number.isFinite(value.value)) return plainNumber(value.value);
  return String(value.value);
}

/** Characters that stand for a quote in a literal that has both kinds. */
const privateCharacters = ["\uE000", "\uE001", "\uE002", "\uF8FF"];

/** Longest value of a function within an expression, in characters. */
const longestValue = 1_048_576;

let selectDocument: XPath | undefined;

/** The document itself; the library begins at the root element otherwise. */
function documentNode(tree: XmlTree): XmlNode {
  selectDocument ??= new XPath("/");
  const value = selectDocument.evaluate(tree, undefined, tree.document.root);
  return value.type === "nodes" ? value.nodes[0]! : tree.document.root;
}

function xpathValue(value: XmlNode[] | string | number | boolean): XPathValue {
  if (typeof value === "string") return { type: "string", value };
  if (typeof value === "number") return { type: "number", value };
  return typeof value === "boolean" ? { type: "boolean", value } : { type: "nodes", nodes: value };
}

function literalOf(value: string | number): string {
  if (typeof value === "number") {
    return Number.isFinite(value) ? plainNumber(value) : "number('NaN')";
  }
  if (value.length > longestValue) throw new Error(`a value is longer than ${longestValue}`);
  const text = xmlText(value);
  if (!text.includes('"')) return `"${text}"`;
  if (!text.includes("'")) return `'${text}'`;
  // one call however many quotes there are: each argument of a concat goes deeper
  const unused = privateCharacters.find((character) => !text.includes(character));
  if (unused === undefined) throw new Error("a value with every private character");
  return `translate("${text.replaceAll('"', unused)}", "${unused}", '"')`;
}

/** XPath has no exponents. */
function plainNumber(value: number): string {
  const text = String(value);
  if (!text.includes("e")) return Object.is(value, -0) ? "0" : text;
  return value.toLocaleString("en", { useGrouping: false, maximumFractionDigits: 20 });
}
