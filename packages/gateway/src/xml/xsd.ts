import type { XmlElement, XsdValidator } from "libxml2-wasm";
import { guarded, guardedDisposal, xmlLibrary } from "./library.ts";
import { defaultXmlLimits, type XmlLimits } from "./limits.ts";
import { parseXml, XmlTree } from "./parse.ts";

/** The bytes of the schema file that a location leads to; throws when there is none. */
export type XsdSource = (url: string) => Uint8Array;

/** Limits of schema files: they come with the configuration, so only their size is held down. */
const schemaLimits: XmlLimits = { ...defaultXmlLimits, bytes: 64 * 1024 * 1024, attributeCount: 0 };

/** A compiled XML Schema 1.0. It lies in the library's memory until it is disposed of. */
export class Xsd implements Disposable {
  readonly #validator: XsdValidator;

  constructor(validator: XsdValidator) {
    this.#validator = validator;
  }

  /** What is wrong with the document, or undefined. */
  problemOf(tree: XmlTree): string | undefined {
    return this.#run(() => this.#validator.validate(tree.document));
  }

  /** The same for one element and what is in it. */
  problemOfElement(element: XmlElement): string | undefined {
    return this.#run(() => this.#validator.validate(element));
  }

  [Symbol.dispose](): void {
    guardedDisposal(() => this.#validator.dispose());
  }

  #run(validate: () => void): string | undefined {
    try {
      guarded(validate);
      return undefined;
    } catch (error) {
      return whyOf(error);
    }
  }
}

/**
 * Compiles the schema at `url` with everything that it includes and imports, each file asked of
 * `source` by its whole location. Throws Error when it is no schema, or any file is not there: a
 * schema that is missing a part would let through what it should not.
 */
export function compileXsd(url: string, source: XsdSource): Xsd {
  const missing: string[] = [];
  serveFiles((location) => {
    try {
      return checked(source(location));
    } catch (error) {
      missing.push((error as Error).message);
      return undefined;
    }
  });
  try {
    const bytes = checked(source(url));
    const { XmlDocument, XsdValidator, ParseOption } = xmlLibrary();
    const option = ParseOption.XML_PARSE_NO_XXE;
    using tree = new XmlTree(guarded(() => XmlDocument.fromBuffer(bytes, { url, option })));
    const validator = guarded(() => XsdValidator.fromDoc(tree.document));
    if (missing.length === 0) return new Xsd(validator);
    guardedDisposal(() => validator.dispose());
    throw new Error(missing.join("; "));
  } catch (error) {
    throw new Error(missing.length > 0 ? missing.join("; ") : whyOf(error), { cause: error });
  } finally {
    serveFiles(undefined);
  }
}

/** A schema file after the checks that every document goes through. */
function checked(bytes: Uint8Array): Uint8Array {
  using tree = parseXml(bytes, schemaLimits);
  return tree.serialise();
}

let registered = false;
let openFile: ((location: string) => Uint8Array | undefined) | undefined;

/** The library asks one provider for every file: this one, which has files only while compiling. */
function serveFiles(open: typeof openFile): void {
  openFile = open;
  if (registered) return;
  registered = true;
  const { xmlRegisterInputProvider, openBuffer, readBuffer, closeBuffer } = xmlLibrary();
  xmlRegisterInputProvider({
    match: () => true,
    open(location) {
      const bytes = openFile?.(location);
      return bytes === undefined ? undefined : openBuffer(bytes);
    },
    read: readBuffer,
    close(file) {
      closeBuffer(file);
      return true;
    },
  });
}

/** The first thing that the library found wrong, with its line. */
function whyOf(error: unknown): string {
  const { details, message } = error as { details?: { message: string; line: number }[] } & Error;
  const first = details?.[0];
  if (first === undefined) return message;
  const text = first.message.trim().replaceAll(/\s+/g, " ");
  return first.line > 0 ? `${text} (line ${first.line})` : text;
}
