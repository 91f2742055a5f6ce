import { readFileSync } from "node:fs";
import { XmlDocument, XsdValidator } from "libxml2-wasm";

const schemaText = readFileSync(new URL("../schemas/junit.xsd", import.meta.url), "utf8");

/** Why a text is no JUnit document; undefined for one that is. */
export function junitObjection(text: string): string | undefined {
  using schema = XmlDocument.fromString(schemaText);
  using validator = XsdValidator.fromDoc(schema);
  using document = XmlDocument.fromString(text);
  try {
    validator.validate(document);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
