import type { XmlElement } from "libxml2-wasm";
import { xmlLibrary } from "./library.ts";
import type { XmlTree } from "./parse.ts";

const envelopes: Readonly<Record<string, string>> = {
  "http://schemas.xmlsoap.org/soap/envelope/": "1.1",
  "http://www.w3.org/2003/05/soap-envelope": "1.2",
};

/** The parts of a SOAP message that validation looks at. */
export interface SoapMessage {
  readonly version: string;
  /** The elements in the body. */
  readonly body: readonly XmlElement[];
  /** The elements in the detail of a fault; undefined where the body is no fault. */
  readonly detail: readonly XmlElement[] | undefined;
}

/** The SOAP message that a document is, by its root; undefined when it is none. */
export function soapMessage(tree: XmlTree): SoapMessage | undefined {
  const { root } = tree.document;
  const version = envelopes[root.namespaceUri];
  if (root.name !== "Envelope" || version === undefined) return undefined;
  const body = elementsOf(root).find(
    (child) => child.name === "Body" && child.namespaceUri === root.namespaceUri,
  );
  const entries = body === undefined ? [] : elementsOf(body);
  const [only] = entries;
  // a fault beside anything else is none: what comes with it would go unseen
  const isFault = only?.name === "Fault" && only.namespaceUri === root.namespaceUri;
  const fault = isFault && entries.length === 1 ? only : undefined;
  const detail = fault && elementsOf(fault).find(({ name }) => name.toLowerCase() === "detail");
  return {
    version,
    body: entries,
    detail: fault === undefined ? undefined : detail === undefined ? [] : elementsOf(detail),
  };
}

function elementsOf(parent: XmlElement): XmlElement[] {
  const { XmlElement } = xmlLibrary();
  return parent.find("*").filter((node) => node instanceof XmlElement);
}
