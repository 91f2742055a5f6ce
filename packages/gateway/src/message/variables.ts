import {
  headerVariable,
  isWritableVariable,
  parameterVariable,
  serviceVariable,
  serviceVariables,
} from "../plan/variable-table.ts";
import type { ListedVariable } from "../script/script-host.ts";
import { KeptValue } from "./kept-value.ts";
import { readService } from "./service-values.ts";
import type { Transaction } from "./transaction.ts";

const servicePrefix = "var://service/";

/** Variables of `var://system/…`: they outlive transactions, and are shared by all services. */
const systemVariables = new Map<string, string>();
const mostSystemVariables = 10_000;

/** The value of a variable URL; undefined when it is not set. `local` is the context of `var://local`. */
export function readVariable(transaction: Transaction, url: string, local: string): unknown {
  if (url.startsWith(servicePrefix)) {
    const variable = serviceVariable(url);
    if (variable === undefined || variable.access === "write") return undefined;
    return readService(transaction, variable.name);
  }
  if (url.startsWith("var://system/")) {
    const stored = systemVariables.get(url);
    return stored === undefined ? undefined : (JSON.parse(stored) as unknown);
  }
  const place = contextPlace(url, local);
  if (place === undefined) return undefined;
  const { context, name } = place;
  if (name !== "" && name !== "_roottree") return transaction.variables.get(`${context}/${name}`);
  const content = transaction.read(context);
  return content === undefined ? undefined : Buffer.from(content.bytes).toString("utf8");
}

/**
 * Sets a variable; `undefined` removes it. Throws Error for a URL that cannot be written and for a
 * header or status that HTTP does not allow.
 */
export function writeVariable(
  transaction: Transaction,
  url: string,
  value: unknown,
  local: string,
): void {
  if (!isWritableVariable(url)) throw new Error(`variable ${url} cannot be set`);
  if (url.startsWith(servicePrefix)) {
    const name = serviceVariable(url)?.name ?? url.slice(servicePrefix.length);
    writeService(transaction, name, value);
  } else if (url.startsWith("var://system/")) {
    writeSystem(url, value);
  } else {
    const place = contextPlace(url, local);
    if (place === undefined) throw new Error(`variable ${url} cannot be set`);
    const key = `${place.context}/${place.name}`;
    if (place.name === "" || place.name === "_roottree") {
      writeDocument(transaction, place.context, value);
    } else if (value === undefined) transaction.variables.delete(key);
    else transaction.variables.set(key, value);
  }
}

/** The variables that can be listed, as `sm.list()` gives them. */
export function listVariables(): readonly ListedVariable[] {
  return serviceVariables.map(({ name, access, dataType }) => ({
    name: `${servicePrefix}${name}`,
    writable: access !== "read",
    dataType,
  }));
}

/** Makes a value the document of a context; throws Error where that is not for writing. */
function writeDocument(transaction: Transaction, context: string, value: unknown): void {
  if (["INPUT", "NULL", "PIPE"].includes(context)) {
    throw new Error(`variable var://context/${context} cannot be set`);
  }
  const content = value instanceof KeptValue ? value.content : String(value ?? "");
  const form = value instanceof KeptValue ? formOfKept[value.kept] : "string";
  transaction.write(context, { bytes: Buffer.from(content as Uint8Array), form });
}

const formOfKept = { json: "object", xml: "xml", bytes: "bytes" } as const;

function writeSystem(url: string, value: unknown): void {
  if (value === undefined) {
    systemVariables.delete(url);
    return;
  }
  if (systemVariables.size >= mostSystemVariables && !systemVariables.has(url)) {
    throw new Error(`more than ${mostSystemVariables} system variables`);
  }
  systemVariables.set(url, JSON.stringify(value) ?? "null");
}

function contextPlace(url: string, local: string): { context: string; name: string } | undefined {
  const match = /^var:\/\/(?:context\/([^/]+)|(local))(?:\/(.*))?$/.exec(url);
  if (match === null) return undefined;
  return { context: match[1] ?? local, name: match[3] ?? "" };
}

function writeService(transaction: Transaction, name: string, value: unknown): void {
  const header = headerVariable(name);
  if (header !== undefined) {
    const headers = header.side === "response" ? transaction.answer : transaction.current;
    if (header.append) headers.append(header.header, String(value));
    else headers.set(header.header, value === undefined ? [] : [String(value)]);
    return;
  }
  const parameter = parameterVariable(name);
  if (parameter !== undefined) {
    transaction.setParameter(parameter, value === undefined ? undefined : String(value));
    return;
  }
  switch (name) {
    case "URI":
      transaction.uri = String(value);
      break;
    case "protocol-method":
      transaction.method = String(value);
      break;
    case "connection/note":
      if (transaction.request.connection !== undefined) {
        transaction.request.connection.note = String(value ?? "");
      }
      break;
    case "error-protocol-response":
      statusCode(String(value));
      transaction.service.set(name, value);
      break;
    default:
      if (value === undefined) transaction.service.delete(name);
      else transaction.service.set(name, value);
  }
}

/** The code and phrase of `200` or `200 Reason`; throws RangeError where the code is none. */
export function statusCode(text: string): { code: number; reason: string | undefined } {
  const match = /^[ \t]*([1-9]\d{2})(?:[ \t]+([\x20-\x7e]*[\x21-\x7e]))?[ \t]*$/.exec(text);
  if (match === null || Number(match[1]) < 200 || Number(match[1]) > 599) {
    throw new RangeError(`not a status: ${text}`);
  }
  return { code: Number(match[1]), reason: match[2] };
}
