import type { Attr, Document, Element, Node } from "@xmldom/xmldom";
import type { XmlNode } from "libxml2-wasm";
import { loadXmlLibrary } from "./library.ts";
import type { XmlLimits } from "./limits.ts";
import { parseScanned, scannedDocument, type XmlTree } from "./parse.ts";
import { XmlRefused } from "./refusal.ts";
import { XPath, type XPathFunction } from "./xpath.ts";

type Library = typeof import("@xmldom/xmldom");

/** What XPath gives over a DOM. */
export type DomValue = readonly Node[] | string | number | boolean;

let library: Library | undefined;

/** Loads what {@link parseDom} and the rest of this file need. Await it before using them. */
export async function loadDomLibrary(): Promise<void> {
  await loadXmlLibrary();
  library ??= await import("@xmldom/xmldom");
}

/**
 * A message as a DOM (W3C, of xmldom) that scripts can change, under the same checks as
 * `parseXml`. Throws XmlRefused.
 */
export function parseDom(bytes: Uint8Array, limits: XmlLimits): Document {
  const document = scannedDocument(bytes, limits);
  parseScanned(document)[Symbol.dispose]();
  const { DOMParser, onErrorStopParsing } = domLibrary();
  const parser = new DOMParser({ onError: onErrorStopParsing });
  try {
    return parser.parseFromString(Buffer.from(document).toString("utf8"), "text/xml");
  } catch (error) {
    throw new XmlRefused("malformed", (error as Error).message);
  }
}

/** A document or another node as XML. */
export function serialiseDom(node: Node): string {
  return new (domLibrary().XMLSerializer)().serializeToString(node);
}

/**
 * The value of an expression at a node of a DOM, evaluated by the same library as everywhere
 * else. Of texts that lie side by side the first is given. Throws XmlRefused where the tree
 * cannot be written and read again, Error where the expression fails.
 */
export function evaluateInDom(node: Node, xpath: XPath, call?: XPathFunction): DomValue {
  const top = topOf(node);
  using tree = parseScanned(Buffer.from(serialiseDom(top)));
  const pairs = new Pairs(tree, top);
  const value = xpath.evaluate(tree, call, pairs.native(node));
  return value.type === "nodes" ? value.nodes.map((each) => pairs.dom(each)) : value.value;
}

/** Which node of a parsed copy is which node of the DOM: both hold the same in the same order. */
class Pairs {
  readonly #dom = new Map<number, Node>();
  readonly #native = new Map<Node, XmlNode>();

  constructor(tree: XmlTree, top: Node) {
    const nodes: Node[] = [];
    const attributes: Node[] = [];
    collect(top, nodes, attributes);
    if (top.nodeType === types.document) this.#pair(tree, "/", [top]);
    else nodes.unshift(top);
    this.#pair(tree, "//node()", nodes);
    this.#pair(tree, "//@*", attributes);
  }

  native(node: Node): XmlNode {
    const found = this.#native.get(node);
    if (found === undefined) throw new Error("the node is none that XPath knows");
    return found;
  }

  dom(node: XmlNode): Node {
    const found = this.#dom.get(identityOf(node));
    if (found === undefined) throw new Error("the tree has no document node");
    return found;
  }

  #pair(tree: XmlTree, expression: string, nodes: readonly Node[]): void {
    using every = new XPath(expression);
    const value = every.evaluate(tree, undefined, tree.document.root);
    const found = value.type === "nodes" ? value.nodes : [];
    if (found.length !== nodes.length) throw new Error("the tree is not as it is written");
    for (const [index, node] of nodes.entries()) {
      this.#dom.set(identityOf(found[index]!), node);
      this.#native.set(node, found[index]!);
    }
  }
}

const types = {
  element: 1,
  attribute: 2,
  text: 3,
  instruction: 7,
  document: 9,
  doctype: 10,
} as const;
const declarations = "http://www.w3.org/2000/xmlns/";

function topOf(node: Node): Node {
  let top = node.nodeType === types.attribute ? ((node as Attr).ownerElement ?? node) : node;
  while (top.parentNode !== null) top = top.parentNode;
  return top;
}

/** The nodes below `parent` that XPath knows, in document order, and all attributes. */
function collect(parent: Node, nodes: Node[], attributes: Node[]): void {
  if (parent.nodeType === types.element) {
    for (const attribute of (parent as Element).attributes) {
      if (attribute.namespaceURI !== declarations) attributes.push(attribute);
    }
  }
  let inText = false;
  for (let node = parent.firstChild; node !== null; node = node.nextSibling) {
    const { nodeType } = node;
    const isText = nodeType === types.text;
    if (isText && (node.nodeValue === "" || parent.nodeType === types.document)) continue;
    const isDeclaration = nodeType === types.instruction && node.nodeName === "xml";
    if (nodeType !== types.doctype && !isDeclaration && !(isText && inText)) nodes.push(node);
    inText = isText;
    if (nodeType === types.element) collect(node, nodes, attributes);
  }
}

/** The library gives a new wrapper for a node each time; its pointer is what stays. */
function identityOf(node: XmlNode): number {
  return (node as unknown as { readonly _nodePtr: number })._nodePtr;
}

function domLibrary(): Library {
  if (library === undefined) throw new Error("the DOM library is not loaded");
  return library;
}
