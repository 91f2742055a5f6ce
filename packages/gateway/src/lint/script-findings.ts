import { existsSync } from "node:fs";
import { directoryOf, fileOfUrl } from "../config/locations.ts";
import type { ConfigDomain, ConfigObject, Configuration, Origin } from "../config/model.ts";
import { remarksOnScript } from "../script/script-level.ts";
import { type ScriptFile, scriptFiles } from "./script-files.ts";

/** What is to be said of a script, with its place. */
export interface ScriptFinding {
  readonly origin: Origin;
  readonly message: string;
  readonly rule: "GW-SCRIPT-LEVEL" | "GW-SCRIPT-MISSING";
}

/**
 * The script of an action and its modules: whether they are there, and written in the target
 * language; each file once in `seen`.
 */
export function scriptFindings(
  { root }: Configuration,
  domain: ConfigDomain,
  object: ConfigObject,
  seen: Set<string>,
): readonly ScriptFinding[] {
  const location = locationOf(object);
  if (location === undefined) return [];
  const main = fileOfUrl(root, domain.name, location.url);
  if (main === undefined) return [];
  const known = seen.has(main);
  const files = scriptFiles(root, domain.name, main, seen);
  if (files.length === 0) {
    // a file of a configuration may be looked at alone
    if (known || !hasScripts(root, domain)) return [];
    const message = `the script ${location.url} does not exist`;
    return [{ origin: location.origin, message, rule: "GW-SCRIPT-MISSING" }];
  }
  return files.flatMap((file) => findingsIn(file, root));
}

/** The rules that the script of an action calls; undefined when it may call any. */
export function calledRules(
  { root }: Configuration,
  domain: ConfigDomain,
  object: ConfigObject,
): readonly string[] | undefined {
  const main = fileOfUrl(root, domain.name, locationOf(object)?.url ?? "");
  const files = main === undefined ? [] : scriptFiles(root, domain.name, main, new Set());
  if (main !== undefined && !hasScripts(root, domain)) return undefined;
  return files.some(({ callsAny }) => callsAny) ? undefined : files.flatMap(({ rules }) => rules);
}

/** Whether the directory of the domain's scripts is there. */
function hasScripts(root: string, domain: ConfigDomain): boolean {
  const directory = directoryOf(root, domain.name, "local");
  return directory !== undefined && existsSync(directory);
}

function locationOf(object: ConfigObject): { url: string; origin: Origin } | undefined {
  if (object.kind !== "StylePolicyAction") return undefined;
  const line = object.lines.findLast(({ name }) => name === "gatewayscript-location");
  const [url] = line?.arguments ?? [];
  return line === undefined || url === undefined ? undefined : { url, origin: line.origin };
}

function findingsIn({ path, source, missing }: ScriptFile, root: string): ScriptFinding[] {
  const file = path.slice(root.length + 1);
  const modules = missing.map(({ name, line }): ScriptFinding => {
    const message = `the module ${name} does not exist`;
    return { origin: { file, line, column: 1 }, message, rule: "GW-SCRIPT-MISSING" };
  });
  const remarks = remarksOnScript(source).map(({ line, column, message }): ScriptFinding => {
    return { origin: { file, line, column }, message, rule: "GW-SCRIPT-LEVEL" };
  });
  return [...modules, ...remarks];
}
