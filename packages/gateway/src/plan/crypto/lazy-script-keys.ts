import { readFileSync } from "node:fs";
import { requirePart } from "../../require-part.ts";
import type { ScriptKeys } from "../../script/script-keys.ts";
import type { CryptoReader } from "./crypto-objects.ts";

const require = requirePart(import.meta.url);

/** Words without which a script has no use for a key. */
const usesKeys = /\b(?:jose|jwt|crypto)\b/;

/** `readScriptKeys` of the scripts in `files`; nothing is loaded or read when none can use keys. */
export function scriptKeys(reader: CryptoReader, files: readonly string[]): ScriptKeys | undefined {
  const sources = files.map(sourceOf);
  if (!sources.some((source) => usesKeys.test(source))) return undefined;
  const room = require("./script-keys.ts") as typeof import("./script-keys.ts");
  return room.readScriptKeys(reader, sources);
}

function sourceOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
