import { jsonxOfJson } from "../json/jsonx.ts";
import type { JsonLimits } from "../json/limits.ts";
import { parseJson } from "../json/parse-json.ts";
import type { XmlLimits } from "../xml/limits.ts";
import { xmlRoom } from "../xml/load-xml.ts";
import type { XmlTree } from "../xml/parse.ts";

/** Bytes that stay as they are. */
interface Content {
  readonly bytes: Uint8Array;
}

/** Most documents that one transaction keeps parsed; the oldest goes when one more comes. */
export const mostParsed = 16;

/** What contents of one transaction are as XML or as JSON: parsed once, as long as they are kept. */
export class ParsedContents implements Disposable {
  readonly #xml: XmlLimits;
  readonly #json: JsonLimits;
  readonly #trees = new Map<Content, XmlTree>();
  readonly #values = new Map<Content, { readonly value: unknown }>();

  readonly #views = new Map<Content, { readonly bytes: Uint8Array; readonly form: "message" }>();

  constructor(limits: { readonly xmlLimits: XmlLimits; readonly jsonLimits: JsonLimits }) {
    this.#xml = limits.xmlLimits;
    this.#json = limits.jsonLimits;
  }

  /**
   * The content as XML, which stays ours: nobody else disposes of it, and nobody keeps it over
   * anything that is waited for. Throws XmlRefused.
   */
  tree(content: Content): XmlTree {
    let tree = this.#trees.get(content);
    if (tree === undefined) {
      tree = xmlRoom().parseXml(content.bytes, this.#xml);
      this.#trees.set(content, tree);
      dropOldest(this.#trees)?.[Symbol.dispose]();
    }
    return tree;
  }

  /** The content as JSON. Throws JsonRefused. */
  json(content: Content): unknown {
    let parsed = this.#values.get(content);
    if (parsed === undefined) {
      parsed = { value: parseJson(content.bytes, this.#json) };
      this.#values.set(content, parsed);
      dropOldest(this.#values);
    }
    return parsed.value;
  }

  /** JSON as JSONx. Throws JsonRefused. */
  jsonx(content: Content): { readonly bytes: Uint8Array; readonly form: "message" } {
    let view = this.#views.get(content);
    if (view === undefined) {
      this.json(content);
      const text = Buffer.from(content.bytes).toString("utf8");
      view = { bytes: Buffer.from(jsonxOfJson(text)), form: "message" };
      this.#views.set(content, view);
      dropOldest(this.#views);
    }
    return view;
  }

  [Symbol.dispose](): void {
    for (const tree of this.#trees.values()) tree[Symbol.dispose]();
    this.#trees.clear();
    this.#values.clear();
  }
}

function dropOldest<Value>(kept: Map<Content, Value>): Value | undefined {
  const oldest = kept.size > mostParsed ? kept.entries().next().value : undefined;
  if (oldest !== undefined) kept.delete(oldest[0]);
  return oldest?.[1];
}
