import type { RealmKit, scriptErrorCodes } from "./kit.ts";
import type { DomDocument, DomLibrary, DomList, DomNode, XmlKit } from "./xml-kit.ts";

/** What the realm's XML borrows from the gateway. */
export interface XmlBackend {
  /** The document as text, after its limits; throws for what is beyond them. */
  checked(document: string | Uint8Array): string;
}

/** Runs inside a realm (its text is evaluated there): parsing and serialising, over the library. */
export function installXml(
  kit: RealmKit,
  library: DomLibrary,
  backend: XmlBackend,
  codes: typeof scriptErrorCodes,
): XmlKit {
  // its properties can be changed and not configured, so that freezing would break its own constructor
  const { prototype } = library.DOMException;
  library.DOMException.prototype = Object.create(
    Object.getPrototypeOf(prototype) as object,
    Object.fromEntries(
      Object.entries(Object.getOwnPropertyDescriptors(prototype)).map(([name, property]) => [
        name,
        { ...property, configurable: true },
      ]),
    ),
  ) as object;
  const dom = kit.freeze(library);
  const element = 1;
  const documentNode = 9;
  const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
  const isList = (value: unknown): value is DomList => value instanceof dom.NodeList;
  const isNode = (value: unknown): value is DomNode => value instanceof dom.Node;
  const parse = (given: string | Uint8Array): DomDocument => {
    let text: string;
    try {
      text = backend.checked(given);
    } catch (error) {
      throw kit.marked(error, codes.invalidXml);
    }
    let problem: string | undefined;
    const parser = new dom.DOMParser({
      locator: true,
      onError(_level, message) {
        problem ??= message;
        throw new Error(message);
      },
    });
    let document: DomDocument;
    try {
      document = parser.parseFromString(text, "text/xml");
    } catch (error) {
      const why = problem ?? (error as Error).message;
      throw kit.failure(codes.invalidXml, `the XML is not well-formed: ${why}`);
    }
    // in a DOM neither the XML declaration nor white space around the element is a node
    for (let node = document.firstChild; node !== null; ) {
      const next: DomNode | null = node.nextSibling;
      if (node.nodeType === 3 || (node.nodeType === 7 && node.nodeName === "xml")) {
        document.removeChild(node);
      }
      node = next;
    }
    if (document.documentElement === null) {
      throw kit.failure(codes.invalidXml, "the XML has no element");
    }
    return document;
  };
  const serializer = new dom.XMLSerializer();
  const textOf = (node: DomNode): string =>
    serializer.serializeToString(node, { requireWellFormed: true });
  const nodesOf = (value: unknown): DomNode[] | undefined => {
    if (isNode(value)) return [value];
    if (!isList(value)) return undefined;
    return Array.from({ length: value.length }, (_, index) => value.item(index)!);
  };
  const stringify = (value: unknown, omitDeclaration: boolean): string => {
    const nodes = nodesOf(value);
    if (nodes === undefined) throw new TypeError("XML.stringify needs a node or a list of nodes");
    const text = nodes.map(textOf).join("");
    const own = text.startsWith("<?xml ");
    if (!omitDeclaration) return own ? text : declaration + text;
    return own ? text.slice(text.indexOf("?>") + 2).replace(/^\s+/, "") : text;
  };
  const markup = (value: unknown): string | undefined => {
    const nodes = nodesOf(value);
    if (nodes === undefined) return undefined;
    const whole = nodes.some(({ nodeType }) => nodeType === element || nodeType === documentNode);
    return stringify(value, !whole);
  };
  const names: Readonly<Record<number, string>> = {
    1: "element",
    2: "attr",
    3: "text",
    4: "cdatasection",
    7: "processinginstruction",
    8: "comment",
    9: "document",
    11: "documentfragment",
  };
  const implementation = new dom.DOMImplementation();
  // functions that live lists share hang on the lists alone
  const sample = parse("<a/>");
  const parents = [sample, sample.documentElement!, sample.createDocumentFragment()];
  kit.freeze(parents.map(({ children }) => children));
  return {
    dom,
    parse,
    markup,
    stringify,
    nodesOf,
    typeOf: (value) => {
      if (isList(value)) return "nodelist";
      return isNode(value) ? (names[value.nodeType] ?? "node") : undefined;
    },
    list: (nodes) => Object.assign(new dom.NodeList(), nodes, { length: nodes.length }),
    document: () => implementation.createDocument(null, null),
  };
}
