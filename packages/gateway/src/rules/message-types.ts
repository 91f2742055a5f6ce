import { unreachable } from "@lithify/fault";
import { JsonRefused } from "../json/parse-json.ts";
import type { Content, Transaction } from "../message/transaction.ts";
import type { MessageType } from "../plan/service-plan.ts";
import { xmlRoom } from "../xml/load-xml.ts";
import { XmlRefused } from "../xml/refusal.ts";
import type { SchemaStore } from "./schema-store.ts";

/**
 * Reads a message as its type wants it: what goes into INPUT, or what is wrong with it, to follow
 * "the request" or "the answer". An empty message of any type is read as it is.
 */
export function readMessage(
  transaction: Transaction,
  schemas: SchemaStore,
  type: MessageType,
  bytes: Uint8Array,
): Content | string {
  const content: Content = { bytes, form: "message" };
  if (bytes.length === 0) return content;
  const { documents } = transaction;
  try {
    switch (type) {
      case "preprocessed":
      case "unprocessed":
        return content;
      case "json":
        documents.json(content);
        return content;
      case "xml":
        documents.tree(content);
        return keepsSchemas(transaction, schemas, content);
      case "soap": {
        const problem = soapProblem(transaction, schemas, content);
        if (problem !== undefined) return `is not a SOAP message: ${problem}`;
        return keepsSchemas(transaction, schemas, content);
      }
      default:
        return unreachable(type);
    }
  } catch (error) {
    if (error instanceof XmlRefused) return `cannot be read as XML: ${error.message}`;
    if (error instanceof JsonRefused) return `cannot be read as JSON: ${error.message}`;
    throw error;
  }
}

function soapProblem(
  { plan, documents }: Transaction,
  schemas: SchemaStore,
  content: Content,
): string | undefined {
  const tree = documents.tree(content);
  if (xmlRoom().soapMessage(tree) === undefined)
    return "its root is no envelope of SOAP 1.1 or 1.2";
  if (tree.document.dtd !== null) return "it has a document type";
  return schemas.xsd(plan.domain, plan.soapSchema).problemOf(tree);
}

/** The content when it keeps the first schema that the xml-manager has for it. */
function keepsSchemas(
  transaction: Transaction,
  schemas: SchemaStore,
  content: Content,
): Content | string {
  const { plan, documents } = transaction;
  const validation = plan.xmlValidations.find(({ matches }) => matches(transaction));
  if (validation === undefined) return content;
  const problem = schemas.xsd(plan.domain, validation.schema).problemOf(documents.tree(content));
  return problem === undefined ? content : `does not keep its schema: ${problem}`;
}
