/** As much of a DOM node as is needed here. */
export interface DomNode {
  readonly nodeType: number;
  readonly nodeName: string;
  readonly nodeValue: string | null;
  readonly namespaceURI: string | null;
  readonly localName: string | null;
  readonly prefix: string | null;
  readonly data: string;
  readonly childNodes: DomList;
  readonly children?: DomList;
  readonly parentNode: DomNode | null;
  readonly ownerDocument: DomDocument | null;
  readonly firstChild: DomNode | null;
  readonly nextSibling: DomNode | null;
  readonly attributes?: { readonly length: number; item(index: number): DomNode | null } | null;
  appendChild(child: DomNode): DomNode;
  removeChild(child: DomNode): DomNode;
  cloneNode(deep: boolean): DomNode;
  setAttributeNS(namespace: string | null, name: string, value: string): void;
}

export interface DomList {
  readonly length: number;
  item(index: number): DomNode | null;
}

export interface DomDocument extends DomNode {
  readonly documentElement: DomNode | null;
  createElementNS(namespace: string | null, name: string): DomNode;
  createTextNode(text: string): DomNode;
  createDocumentFragment(): DomNode;
}

/** The library @xmldom/xmldom, of the realm. */
export interface DomLibrary {
  readonly Node: new () => DomNode;
  readonly NodeList: new () => DomList;
  readonly DOMException: { prototype: object };
  readonly DOMImplementation: new () => {
    createDocument(namespace: string | null, name: string | null, type?: null): DomDocument;
  };
  readonly DOMParser: new (options: {
    readonly locator: boolean;
    onError(level: string, message: string): void;
  }) => { parseFromString(text: string, type: string): DomDocument };
  readonly XMLSerializer: new () => {
    serializeToString(node: DomNode, options: { readonly requireWellFormed: boolean }): string;
  };
}

/** The XML part of a realm. */
export interface XmlKit {
  readonly dom: DomLibrary;
  /** Throws an Error for what is not well-formed, has a document type with entities, or is too deep. */
  parse(document: string | Uint8Array): DomDocument;
  /** The text of a node or list of nodes; undefined for anything else. */
  markup(value: unknown): string | undefined;
  /** As `XML.stringify`: throws for what is no node or not well-formed. */
  stringify(value: unknown, omitDeclaration: boolean): string;
  typeOf(value: unknown): string | undefined;
  /** The nodes of a node or list; undefined for anything else. */
  nodesOf(value: unknown): DomNode[] | undefined;
  list(nodes: readonly DomNode[]): DomList;
  document(): DomDocument;
}
