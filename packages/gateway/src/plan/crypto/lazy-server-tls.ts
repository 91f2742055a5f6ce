import type { ConfigObject } from "../../config/model.ts";
import { requirePart } from "../../require-part.ts";
import type { CryptoReader } from "./crypto-objects.ts";
import type { ServerTls } from "./server-tls-plan.ts";

const require = requirePart(import.meta.url);

/** `readServerTls`, loaded when the first object speaks TLS: it takes its time. */
export function readServerTls(reader: CryptoReader, handler: ConfigObject): ServerTls | undefined {
  const room = require("./server-tls.ts") as typeof import("./server-tls.ts");
  return room.readServerTls(reader, handler);
}
