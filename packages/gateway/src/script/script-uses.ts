import { builtinModules } from "./builtin-modules.ts";
import {
  everyNode,
  isNode,
  literalText,
  nameOf,
  parseScript,
  placeOf,
  ScriptSyntaxError,
  type SyntaxNode,
} from "./script-syntax.ts";

/** Something that a script names in its text: a module, a rule, a stylesheet, an address. */
export interface ScriptUse {
  readonly kind: "module" | "rule" | "stylesheet" | "url";
  readonly name: string;
  readonly line: number;
}

/**
 * What a script names, as far as the names stand in its text. A script that does not parse names
 * nothing: it fails when it is run. Scripts that only require built-in modules, which is most, are
 * not parsed at all.
 */
export function usesOfScript(source: string): readonly ScriptUse[] {
  if (isPlain(source)) return [];
  let tree: SyntaxNode;
  try {
    tree = parseScript(source);
  } catch (error) {
    if (error instanceof ScriptSyntaxError) return [];
    throw error;
  }
  const uses: ScriptUse[] = [];
  for (const node of everyNode(tree)) {
    if (node.type !== "CallExpression") continue;
    const use = useOf(node);
    if (use !== undefined) uses.push(use);
  }
  return uses;
}

/** Whether a script has `import()`; true also for one that only the engine can parse. */
export function importsModules(source: string): boolean {
  if (!/\bimport\b/.test(source)) return false;
  try {
    for (const { type } of everyNode(parseScript(source))) {
      if (type === "ImportExpression") return true;
    }
    return false;
  } catch (error) {
    if (error instanceof ScriptSyntaxError) return true;
    throw error;
  }
}

/** Whether nothing in the text could be a use that matters. May say no too often. */
function isPlain(source: string): boolean {
  if (/\b(?:callRule|xslt|open)\b|\\u/.test(source)) return false;
  const mentions = source.match(/\brequire\b/g)?.length ?? 0;
  const named = [...source.matchAll(/\brequire\s*\(\s*(['"])([\w-]+)(?:\.js)?\1\s*\)/g)];
  return named.filter((call) => builtinModules.has(call[2]!)).length === mentions;
}

function useOf(call: SyntaxNode): ScriptUse | undefined {
  const { callee } = call;
  const [first] = call.arguments as readonly unknown[];
  const [line] = placeOf((call.loc as { start: { line: number; column: number } }).start);
  const found = (kind: ScriptUse["kind"], name: string | undefined): ScriptUse | undefined =>
    name === undefined ? undefined : { kind, name, line };
  if (isNode(callee) && callee.type === "Identifier") {
    return nameOf(callee) === "require" ? found("module", literalText(first)) : undefined;
  }
  switch (nameOf(callee)) {
    case "callRule":
      return found("rule", literalText(first));
    case "xslt":
      return found("stylesheet", memberText(first, "location"));
    case "open":
      return found("url", literalText(first) ?? memberText(first, "target"));
    default:
      return undefined;
  }
}

/** The text of a member of an object that is written out. */
function memberText(node: unknown, name: string): string | undefined {
  if (!isNode(node) || node.type !== "ObjectExpression") return undefined;
  for (const property of node.properties as readonly SyntaxNode[]) {
    if (property.type !== "Property" || property.computed === true) continue;
    const key = nameOf(property.key) ?? literalText(property.key);
    if (key === name) return literalText(property.value);
  }
  return undefined;
}
