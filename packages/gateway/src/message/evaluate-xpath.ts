import { defaultXmlLimits } from "../xml/limits.ts";
import { parseXml, type XmlTree } from "../xml/parse.ts";
import type { XPath, XPathFunction, XPathValue } from "../xml/xpath.ts";
import { emptyContent, type Transaction } from "./transaction.ts";
import { readVariable } from "./variables.ts";

/**
 * The value of an action's expression over what a context holds; nodes of it are to be used before
 * anything is waited for. An expression that looks at no document needs none. Throws XmlRefused
 * where the context is no XML, Error where the expression fails.
 */
export function evaluateXPath(transaction: Transaction, context: string, xpath: XPath): XPathValue {
  const tree = xpath.readsDocument
    ? transaction.documents.tree(transaction.read(context) ?? emptyContent)
    : standIn();
  return xpath.evaluate(tree, functionsOf(transaction, context));
}

/** The functions of `dp:`: what is not there is an empty string. */
function functionsOf(transaction: Transaction, context: string): XPathFunction {
  return (name, [argument = ""]) => {
    switch (name) {
      case "variable":
        return asText(readVariable(transaction, argument, context));
      case "http-request-header": {
        const request = transaction.side === "response" ? transaction.request : transaction;
        const headers = "headers" in request ? request.headers : request.current;
        return headers.get(argument) ?? "";
      }
      case "http-response-header":
        return transaction.side === "response" ? (transaction.current.get(argument) ?? "") : "";
      case "client-ip-addr":
        return transaction.request.client.replace(/:\d+$/, "");
      default:
        throw new Error(`no function ${name}`);
    }
  };
}

function asText(value: unknown): string | number {
  if (typeof value === "number") return value;
  if (value === undefined || value === null) return "";
  if (value instanceof Uint8Array) return Buffer.from(value).toString("utf8");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

let standInTree: XmlTree | undefined;

/** A document for expressions that do not look at any. */
function standIn(): XmlTree {
  standInTree ??= parseXml(Buffer.from("<none/>"), defaultXmlLimits);
  return standInTree;
}
