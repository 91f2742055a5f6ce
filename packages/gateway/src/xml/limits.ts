/** What an XML document may be like before it is parsed. 0 is no limit, except where it says so. */
export interface XmlLimits {
  /** Bytes of the document as it came. */
  readonly bytes: number;
  /** Elements within each other. Never more than {@link deepestDocument}. */
  readonly elementDepth: number;
  /** Attributes of one element, namespace declarations among them. */
  readonly attributeCount: number;
  /** Bytes of one text, attribute value, comment, CDATA section or processing instruction. */
  readonly nodeSize: number;
  /** Distinct prefixes that are declared. */
  readonly prefixes: number;
  /** Distinct namespaces that are declared. */
  readonly namespaces: number;
  /** Distinct local names of elements and attributes. */
  readonly localNames: number;
  /** What a reference to an external document type does; it is never fetched. */
  readonly externalReferences: "forbid" | "ignore";
}

/** The defaults of an xml-manager. */
export const defaultXmlLimits: XmlLimits = {
  bytes: 4_194_304,
  elementDepth: 512,
  attributeCount: 128,
  nodeSize: 33_554_432,
  prefixes: 1024,
  namespaces: 1024,
  localNames: 60_000,
  externalReferences: "forbid",
};

/** Deepest document that the parser takes, whatever a service allows. */
export const deepestDocument = 2048;

/** Most elements, attributes and texts of one document: about 100 MB of the parser's memory. */
export const mostNodes = 1_000_000;
