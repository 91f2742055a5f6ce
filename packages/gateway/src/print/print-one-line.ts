import { kindNamed } from "../catalogue.ts";
import type { ConfigObject, PropertyLine } from "../config/model.ts";
import { quoted, wordText } from "./words.ts";

/** Kinds that saving writes on one line: the properties that come without their name. */
const positionalOf: Readonly<Record<string, readonly string[]>> = {
  CryptoKey: ["file-name"],
  CryptoCertificate: ["file-name"],
  CryptoSSKey: ["file-name"],
  CryptoIdentCred: ["key", "certificate"],
  CryptoProfile: ["idcred"],
};

/** Properties of a log target that saving writes as `logging WORD "target" …`. */
const loggingWords: Readonly<Record<string, string>> = {
  event: "event",
  "event-code": "eventcode",
  "event-filter": "eventfilter",
  object: "object",
  trigger: "trigger",
  "ip-filter": "ipfilter",
};

/** The one-line form of an object; undefined when it has none or holds more than that can say. */
export function oneLine(object: ConfigObject): string | undefined {
  const { kind, lines, enabled } = object;
  const positional = positionalOf[kind];
  if (positional !== undefined) return printNamed(object, positional);
  if (kind === "SSLProxyProfile") return printSslProxy(object);
  if (kind === "LogTarget") return printLogging(object);
  const singleton = kindNamed(kind)?.singleton === true;
  if (singleton && !enabled && lines.length === 0) return `no ${object.alias}\n`;
  const [only] = lines;
  if (kind === "TimeSettings" && enabled && lines.length === 1 && isSingle(only)) {
    if (only.name === "name") return `timezone ${quoted(only.arguments[0]!)}\n`;
  }
  return undefined;
}

function printNamed(object: ConfigObject, positional: readonly string[]): string | undefined {
  const { alias, name, lines, enabled } = object;
  const words = [alias, quoted(name)];
  const rest = [...lines];
  for (const property of positional) {
    const at = rest.findIndex((line) => line.name === property);
    const line = rest[at];
    if (line === undefined && alias === "profile" && rest.length > 0) {
      words.push("%none%");
      continue;
    }
    if (!isSingle(line) || line.arguments[0] === "%none%") return undefined;
    words.push(quoted(line.arguments[0]!));
    rest.splice(at, 1);
  }
  for (const line of rest) {
    const flag = line.name === "ignore-expiration";
    if (flag && line.arguments.length === 0 && !line.negated) words.push(line.name);
    else if (isSingle(line) && !flag) words.push(line.name, quoted(line.arguments[0]!));
    else return undefined;
  }
  if (!enabled) words.push("admin-state", "disabled");
  return words.length > 2 ? `${words.join(" ")}\n` : undefined;
}

function printSslProxy(object: ConfigObject): string | undefined {
  const { name, lines, enabled } = object;
  const direction = lines.find((line) => line.name === "direction");
  if (!isSingle(direction)) return undefined;
  const side = direction.arguments[0]!;
  const profiles = (side === "two-way" ? ["reverse", "forward"] : [side]).map(
    (each) => `${each}-profile`,
  );
  const words = ["sslproxy", quoted(name), quoted(side)];
  const rest = lines.filter((line) => line !== direction);
  for (const profile of profiles) {
    const at = rest.findIndex((line) => line.name === profile);
    const line = rest[at];
    if (!isSingle(line) || kindNamed("SSLProxyProfile")?.properties.has(line.arguments[0]!)) {
      return undefined;
    }
    words.push(quoted(line.arguments[0]!));
    rest.splice(at, 1);
  }
  for (const line of rest) {
    const toggle = line.arguments.length === 0 && line.children === undefined && line.known;
    if (toggle) words.push(line.name, line.negated ? "off" : "on");
    else if (isSingle(line)) words.push(line.name, quoted(line.arguments[0]!));
    else return undefined;
  }
  if (!enabled) words.push("admin-state", "disabled");
  return `${words.join(" ")}\n`;
}

/** Lines that only amend a target which the firmware or another file has made. */
function printLogging(object: ConfigObject): string | undefined {
  const { lines, enabled, name } = object;
  const amends = lines.every((line) => line.known && loggingWords[line.name] !== undefined);
  if (!enabled || lines.length === 0 || !amends) return undefined;
  if (lines.some((line) => line.children !== undefined)) return undefined;
  return lines
    .map((line) => {
      const words = line.arguments.map(quoted);
      return `${["logging", loggingWords[line.name], wordText(name), ...words].join(" ")}\n`;
    })
    .join("");
}

function isSingle(line: PropertyLine | undefined): line is PropertyLine {
  if (line === undefined || !line.known || line.negated) return false;
  const { name, children } = line;
  return line.arguments.length === 1 && children === undefined && name !== "admin-state";
}
