import { readFileSync } from "node:fs";
import { type ConfigObject, objectKey } from "../config/model.ts";
import { builtinModules, unservedModules } from "../script/builtin-modules.ts";
import { moduleCandidates } from "../script/script-store.ts";
import { type ScriptUse, usesOfScript } from "../script/script-uses.ts";
import type { RulePlanner } from "./actions/action-kind.ts";
import { everyAction } from "./every-action.ts";

/** Stylesheets that are built in, and that `transform.xslt` has. */
const servedSheets: ReadonlySet<string> = new Set(["store:///identity.xsl"]);

/** Schemes that `urlopen` knows. */
const servedSchemes = /^(?:https?|local|config|temporary|cert|sharedcert|store):/;

/**
 * Follows the scripts of a service through `require` and refuses what no script can get here:
 * modules, stylesheets and addresses that stand in its text. Found before any request. Rules that
 * a script calls by name are planned. A script that is missing or does not compile is no refusal:
 * it answers with the default fault, as the product does. Gives every file that was found.
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
  if (file.endsWith(".json")) return;
  for (const use of usesOfScript(source)) {
    const why = refusalOf(planner, action, use);
    if (why !== undefined) {
      const shown = file.slice(planner.root.length).replace(/^\//, "");
      planner.refusals.add(action, `script ${shown}:${use.line}: ${why}`);
    } else if (use.kind === "module" && !isBuiltin(use.name)) {
      const { root, domain } = planner;
      for (const candidate of moduleCandidates(root, domain.name, use.name, file)) {
        scan(planner, action, candidate, seen);
      }
    }
  }
}

function refusalOf(planner: RulePlanner, action: ConfigObject, use: ScriptUse): string | undefined {
  const { kind, name } = use;
  switch (kind) {
    case "module":
      return unservedModules.has(plainName(name)) ? `module ${name} is not served` : undefined;
    case "rule":
      planner.ruleNamed(name, action, undefined);
      return undefined;
    case "stylesheet":
      return servedSheets.has(name) ? undefined : `stylesheet ${name} is not served`;
    case "url":
      return /^[a-z][a-z0-9+.-]*:/i.test(name) && !servedSchemes.test(name)
        ? `address ${name} is not served`
        : undefined;
  }
}

function isBuiltin(specifier: string): boolean {
  return builtinModules.has(plainName(specifier));
}

function plainName(specifier: string): string {
  return specifier.replace(/\.js$/, "");
}
