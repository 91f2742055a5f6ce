import { readFileSync } from "node:fs";
import { type ConfigObject, objectKey } from "../config/model.ts";
import { builtinModules, unservedModules } from "../script/builtin-modules.ts";
import { moduleCandidates } from "../script/script-store.ts";
import type { RulePlanner } from "./actions/action-kind.ts";
import { everyAction } from "./every-action.ts";

const unservedCalls = /\b(readAsXML|XML\s*\.\s*(?:parse|stringify)|converter\s*\.|Buffers\s*\()/;

/**
 * Follows the scripts of a service through `require` and refuses what no script can get here:
 * modules and calls that need XML, JOSE or rate limits. Found in the text, before any request.
 * A script that is missing or does not compile is no refusal: it answers with the default fault,
 * as the product does. Gives every file that was found.
 */
export function unservedInScripts(planner: RulePlanner, service: ConfigObject): string[] {
  const seen = new Set<string>();
  for (const action of everyAction(planner.rules.values())) {
    if (action.type !== "gatewayscript") continue;
    const object =
      planner.domain.objects.get(objectKey("StylePolicyAction", action.name)) ?? service;
    scan(planner, object, action.file, seen);
  }
  return [...seen];
}

function scan(planner: RulePlanner, action: ConfigObject, file: string, seen: Set<string>): void {
  if (file === "" || seen.has(file)) return;
  let source: string;
  try {
    source = readFileSync(file, "utf8");
  } catch {
    return;
  }
  seen.add(file);
  const code = withoutComments(source);
  const call = unservedCalls.exec(code);
  if (call !== null) {
    refuse(planner, action, file, lineAt(code, call.index), `${call[1]} is not served`);
  }
  for (const found of code.matchAll(/\brequire\s*\(\s*(['"`])([^'"`]+)\1\s*\)/g)) {
    const specifier = found[2]!;
    const name = specifier.replace(/\.js$/, "");
    if (builtinModules.has(name)) continue;
    if (unservedModules.has(name)) {
      const why = `module ${specifier} is not served`;
      refuse(planner, action, file, lineAt(code, found.index), why);
      continue;
    }
    for (const candidate of moduleCandidates(planner.root, planner.domain.name, specifier, file)) {
      scan(planner, action, candidate, seen);
    }
  }
}

function refuse(
  planner: RulePlanner,
  action: ConfigObject,
  file: string,
  line: number,
  why: string,
): void {
  const shown = file.slice(planner.root.length).replace(/^\//, "");
  planner.refusals.add(action, `script ${shown}:${line}: ${why}`);
}

/** Comments blanked out, lines kept; a text that looks like a comment stays as it is. */
function withoutComments(source: string): string {
  return source.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (text, literal: string | undefined) => literal ?? text.replace(/[^\n]/g, " "),
  );
}

function lineAt(source: string, index: number): number {
  return source.slice(0, index).split("\n").length;
}
