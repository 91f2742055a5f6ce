import type { XmlDocument } from "libxml2-wasm";
import { utf8Document } from "./encoding.ts";
import { guarded, guardedDisposal, xmlLibrary } from "./library.ts";
import type { XmlLimits } from "./limits.ts";
import { XmlRefused } from "./refusal.ts";
import { scanXml } from "./scan.ts";

/**
 * A parsed document. It lies in the library's memory, which nothing frees but its disposal: hold
 * it with `using`, or give it to what disposes of it.
 */
export class XmlTree implements Disposable {
  readonly document: XmlDocument;

  constructor(document: XmlDocument) {
    this.document = document;
  }

  /** The document in UTF-8, with an XML declaration unless told otherwise, without a last newline. */
  serialise(options: { readonly declaration?: boolean } = {}): Uint8Array {
    const parts: Buffer[] = [];
    const handler = {
      write: (part: Uint8Array) => parts.push(Buffer.from(part)) && part.length,
      close: () => true,
    };
    const form = { encoding: "UTF-8", noDeclaration: options.declaration === false, format: false };
    guarded(() => this.document.save(handler, form));
    const whole = Buffer.concat(parts);
    return whole.at(-1) === 10 ? whole.subarray(0, -1) : whole;
  }

  [Symbol.dispose](): void {
    guardedDisposal(() => this.document.dispose());
  }
}

/**
 * Parses a message within limits, which are held against its bytes first. Nothing is ever fetched,
 * no entity is ever expanded. The XML library must be loaded.
 * @throws XmlRefused
 */
export function parseXml(bytes: Uint8Array, limits: XmlLimits): XmlTree {
  return parseScanned(scannedDocument(bytes, limits));
}

/**
 * A message as UTF-8 that keeps the limits; it may still not be well-formed.
 * @throws XmlRefused
 */
export function scannedDocument(bytes: Uint8Array, limits: XmlLimits): Uint8Array {
  if (limits.bytes > 0 && bytes.length > limits.bytes) {
    throw new XmlRefused("limit", `the document is larger than ${limits.bytes} bytes`);
  }
  const document = utf8Document(bytes);
  scanXml(document, { ...limits, bytes: 0 });
  return document;
}

/** Parses what {@link scannedDocument} gave. */
export function parseScanned(document: Uint8Array): XmlTree {
  const { XmlDocument, ParseOption, XmlParseError } = xmlLibrary();
  const option =
    ParseOption.XML_PARSE_NO_XXE | ParseOption.XML_PARSE_NONET | ParseOption.XML_PARSE_HUGE;
  try {
    return new XmlTree(
      guarded(() => XmlDocument.fromBuffer(document, { option, encoding: "UTF-8" })),
    );
  } catch (error) {
    if (!(error instanceof XmlParseError)) throw error;
    const [first] = error.details;
    if (first === undefined) throw new XmlRefused("malformed", "the document is empty");
    const place = { line: first.line, column: first.col };
    throw new XmlRefused("malformed", first.message.trim(), place);
  }
}
