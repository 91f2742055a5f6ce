import type { RealmKit } from "./kit.ts";
import type { DomDocument, DomNode } from "./xml-kit.ts";

/** Runs inside a realm (its text is evaluated there): the globals XML, converter and script. */
export function installXmlGlobals(kit: RealmKit): Readonly<Record<string, object>> {
  interface Fish {
    [name: string]: unknown;
  }
  const xmlns = "http://www.w3.org/2000/xmlns/";
  const attributesOf = (node: DomNode): DomNode[] =>
    Array.from({ length: node.attributes?.length ?? 0 }, (_, at) => node.attributes!.item(at)!);
  const childrenOf = (node: DomNode): DomNode[] =>
    Array.from({ length: node.childNodes.length }, (_, at) => node.childNodes.item(at)!);
  const add = (fish: Fish, name: string, value: unknown): void => {
    const known = fish[name];
    const next = known === undefined ? value : [...(Array.isArray(known) ? known : [known]), value];
    Object.defineProperty(fish, name, {
      value: next,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  };
  /** The namespaces in force at an element, with the default one as `$`. */
  const activeAt = (
    node: DomNode,
    outer: Readonly<Record<string, string>>,
  ): Record<string, string> => {
    const active: Record<string, string> = { ...outer };
    for (const attribute of attributesOf(node)) {
      if (attribute.namespaceURI !== xmlns) continue;
      const prefix = attribute.nodeName === "xmlns" ? "$" : (attribute.localName ?? "$");
      active[prefix] = attribute.nodeValue ?? "";
    }
    if (active.$ === "") delete active.$;
    return active;
  };
  const fishOf = (node: DomNode, outer: Readonly<Record<string, string>>): Fish => {
    const fish: Fish = {};
    const active = activeAt(node, outer);
    if (Object.keys(active).length > 0) fish["@xmlns"] = { ...active };
    for (const { nodeName, nodeValue, namespaceURI } of attributesOf(node)) {
      if (namespaceURI !== xmlns) add(fish, `@${nodeName}`, nodeValue ?? "");
    }
    const children = childrenOf(node);
    const elements = children.filter(({ nodeType }) => nodeType === 1);
    for (const child of elements) add(fish, child.nodeName, fishOf(child, active));
    const texts = children.filter(({ nodeType }) => nodeType === 3 || nodeType === 4);
    const text = texts.map(({ nodeValue }) => nodeValue ?? "").join("");
    // white space between elements is not text
    if (text !== "" && (elements.length === 0 || text.trim() !== "")) fish.$ = text;
    return fish;
  };
  const plainText = (value: unknown): string =>
    value === null || value === undefined ? "" : String(value);
  const resolve = (name: string, active: Readonly<Record<string, string>>): string | null => {
    const colon = name.indexOf(":");
    const uri = active[colon < 0 ? "$" : name.slice(0, colon)];
    if (colon >= 0 && uri === undefined) throw new TypeError(`the prefix of ${name} is not bound`);
    return uri ?? null;
  };
  type Namespaces = Readonly<Record<string, string>>;
  const build = (
    document: DomDocument,
    parent: DomNode,
    name: string,
    fish: Fish,
    outer: Namespaces,
  ): void => {
    const own = (fish["@xmlns"] ?? {}) as Record<string, string>;
    const active = { xml: "http://www.w3.org/XML/1998/namespace", ...outer, ...own };
    const node = document.createElementNS(resolve(name, active), name);
    parent.appendChild(node);
    const added = Object.entries(own).filter(([prefix, uri]) => outer[prefix] !== uri);
    for (const [prefix, uri] of added) {
      node.setAttributeNS(xmlns, prefix === "$" ? "xmlns" : `xmlns:${prefix}`, String(uri));
    }
    for (const [key, member] of Object.entries(fish)) {
      if (key === "$") node.appendChild(document.createTextNode(plainText(member)));
      else if (!key.startsWith("@")) fill(document, node, key, member, active);
      else if (key !== "@xmlns") attribute(node, key.slice(1), member, active);
    }
  };
  const attribute = (node: DomNode, name: string, value: unknown, active: Namespaces): void => {
    const uri = name.includes(":") ? resolve(name, active) : null;
    node.setAttributeNS(uri, name, plainText(value));
  };
  const fill = (
    document: DomDocument,
    parent: DomNode,
    name: string,
    value: unknown,
    outer: Namespaces,
  ): void => {
    for (const each of Array.isArray(value) ? value : [value]) {
      const fish: Fish = typeof each === "object" && each !== null ? each : { $: each };
      build(document, parent, name, fish, outer);
    }
  };
  const known = (form: unknown): void => {
    if (form !== "badgerfish") throw new TypeError(`conversion "${String(form)}" is not known`);
  };
  const converter = {
    toJSON(form: unknown, value: unknown): object {
      known(form);
      const nodes = kit.xml().nodesOf(value);
      if (nodes === undefined) throw new TypeError("converter.toJSON needs a node or a list");
      const fish: Fish = {};
      for (const node of nodes) {
        const top = node.nodeType === 9 ? (node as DomDocument).documentElement : node;
        if (top?.nodeType === 1) add(fish, top.nodeName, fishOf(top, {}));
      }
      return fish;
    },
    toXML(form: unknown, value: unknown): DomDocument {
      known(form);
      const fish = typeof value === "string" ? (JSON.parse(value) as unknown) : value;
      const names = typeof fish === "object" && fish !== null ? Object.keys(fish) : [];
      if (names.length !== 1) throw new TypeError("converter.toXML needs an object of one member");
      const document = kit.xml().document();
      const member = (fish as Fish)[names[0]!];
      if (Array.isArray(member)) throw new TypeError("a document has one element");
      fill(document, document, names[0]!, member, {});
      return document;
    },
  };
  const XML = {
    parse: (value: unknown) =>
      kit.xml().parse(typeof value === "string" ? value : kit.bytesOf(value)),
    stringify(first: unknown, second?: unknown): string {
      const xml = kit.xml();
      const [options, value] = xml.nodesOf(first) === undefined ? [first, second] : [second, first];
      const { omitXmlDeclaration } = (options ?? {}) as { omitXmlDeclaration?: unknown };
      return xml.stringify(value, omitXmlDeclaration === true);
    },
  };
  // errors are not logged by themselves here: there is nothing to switch off
  const script = { defaults: (_options?: unknown) => undefined };
  // the numbers of the kinds of nodes; the classes themselves come with the first document
  const Node = Object.assign(
    {
      [Symbol.hasInstance]: (value: unknown) => {
        const type = kit.xmlType(value);
        return type !== undefined && type !== "nodelist";
      },
    },
    {
      ELEMENT_NODE: 1,
      ATTRIBUTE_NODE: 2,
      TEXT_NODE: 3,
      CDATA_SECTION_NODE: 4,
      PROCESSING_INSTRUCTION_NODE: 7,
      COMMENT_NODE: 8,
      DOCUMENT_NODE: 9,
      DOCUMENT_TYPE_NODE: 10,
      DOCUMENT_FRAGMENT_NODE: 11,
    },
  );
  return kit.freeze({ XML, converter, script, Node });
}
