import { unreachable } from "@lithify/fault";
import type { MessageType } from "../plan/service-plan.ts";
import type { Content } from "./transaction.ts";

/**
 * Reads a message as its type wants it: what goes into INPUT, or what is wrong with it, to follow
 * "the request" or "the answer". An empty message of any type is read as it is.
 */
export function readMessage(type: MessageType, bytes: Uint8Array): Content | string {
  const content: Content = { bytes, form: "message" };
  if (bytes.length === 0) return content;
  switch (type) {
    case "preprocessed":
    case "unprocessed":
      return content;
    case "json":
      return isJson(bytes) ? content : "is not well-formed JSON";
    default:
      return unreachable(type);
  }
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
    return true;
  } catch {
    return false;
  }
}
