import {
  everyNode,
  isNode,
  nameOf,
  parseScript,
  placeOf,
  ScriptSyntaxError,
  type SyntaxNode,
} from "./script-syntax.ts";

/** One thing in a script that is newer than the language that the product has. */
export interface ScriptRemark {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** What the product's scripts are written in, as it is declared. */
export const targetLevel = "ES2015 with async functions and spread";

/**
 * What in a script is newer than ES2015, async functions and object spread: it runs here, and not
 * on the product. A script that does not parse is one remark.
 */
export function remarksOnScript(source: string): readonly ScriptRemark[] {
  let tree: SyntaxNode;
  try {
    tree = parseScript(source);
  } catch (error) {
    if (!(error instanceof ScriptSyntaxError)) throw error;
    const { line, column, message } = error;
    return [{ line, column: column + 1, message: `the script does not parse: ${message}` }];
  }
  const remarks: ScriptRemark[] = [];
  for (const node of everyNode(tree)) {
    const found = syntaxOf(node) ?? builtinOf(node);
    if (found === undefined) continue;
    const [line, column] = placeOf((node.loc as { start: { line: number; column: number } }).start);
    const message = `${found} is newer than ${targetLevel}`;
    remarks.push({ line, column: column + 1, message });
  }
  return remarks;
}

/** Newer syntax at a node. */
function syntaxOf(node: SyntaxNode): string | undefined {
  switch (node.type) {
    case "BinaryExpression":
      return node.operator === "**" ? "the operator ** (ES2016)" : undefined;
    case "AssignmentExpression": {
      if (node.operator === "**=") return "the operator **= (ES2016)";
      const logical = ["&&=", "||=", "??="].includes(String(node.operator));
      return logical ? `the operator ${String(node.operator)} (ES2021)` : undefined;
    }
    case "LogicalExpression":
      return node.operator === "??" ? "the operator ?? (ES2020)" : undefined;
    case "ChainExpression":
      return "optional chaining (ES2020)";
    case "ForOfStatement":
      return node.await === true ? "for await (ES2018)" : undefined;
    case "FunctionDeclaration":
    case "FunctionExpression":
      return node.async === true && node.generator === true
        ? "an async generator (ES2018)"
        : undefined;
    case "CatchClause":
      return isNode(node.param) ? undefined : "catch without a binding (ES2019)";
    case "ImportExpression":
      return "import() (ES2020)";
    case "PropertyDefinition":
      return "a class field (ES2022)";
    case "PrivateIdentifier":
      return "a private member (ES2022)";
    case "StaticBlock":
      return "a static block (ES2022)";
    case "Literal":
      return literalOf(node);
    default:
      return undefined;
  }
}

function literalOf(node: SyntaxNode): string | undefined {
  if (typeof node.bigint === "string") return "a BigInt (ES2020)";
  if (typeof node.value === "number" && String(node.raw).includes("_")) {
    return "a numeric separator (ES2021)";
  }
  const regex = node.regex as { readonly pattern: string; readonly flags: string } | undefined;
  if (regex === undefined) return undefined;
  const flag = /[sdv]/.exec(regex.flags)?.[0];
  if (flag !== undefined) {
    const year = { s: "ES2018", d: "ES2022", v: "ES2024" }[flag];
    return `the flag ${flag} of a regular expression (${year})`;
  }
  if (/\(\?<[=!]/.test(regex.pattern)) return "a lookbehind (ES2018)";
  if (/\(\?<[A-Za-z_$]/.test(regex.pattern)) return "a named group (ES2018)";
  const properties = regex.flags.includes("u") && /\\p\{/i.test(regex.pattern);
  return properties ? "a Unicode property escape (ES2018)" : undefined;
}

/** Methods that the product's engine does not have, by name: of whose object cannot be seen here. */
const newerMethods: Readonly<Record<string, string>> = {
  finally: "ES2018",
  flat: "ES2019",
  flatMap: "ES2019",
  trimStart: "ES2019",
  trimEnd: "ES2019",
  matchAll: "ES2020",
  replaceAll: "ES2021",
  at: "ES2022",
  findLast: "ES2023",
  findLastIndex: "ES2023",
  toReversed: "ES2023",
  toSorted: "ES2023",
  toSpliced: "ES2023",
};

const newerStatics: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Object: { fromEntries: "ES2019", hasOwn: "ES2022", groupBy: "ES2024" },
  Promise: { allSettled: "ES2020", any: "ES2021", withResolvers: "ES2024", try: "ES2025" },
};

const newerGlobals: Readonly<Record<string, string>> = {
  globalThis: "ES2020",
  BigInt: "ES2020",
  WeakRef: "ES2021",
  AggregateError: "ES2021",
};

function builtinOf(node: SyntaxNode): string | undefined {
  if (node.type === "Identifier") {
    const name = node.name as string;
    return Object.hasOwn(newerGlobals, name) ? `${name} (${newerGlobals[name]})` : undefined;
  }
  if (node.type === "MemberExpression") {
    const [holder, member] = [nameOf(node.object), nameOf(node)];
    if (holder === undefined || member === undefined) return undefined;
    const statics = Object.hasOwn(newerStatics, holder) ? newerStatics[holder]! : {};
    return Object.hasOwn(statics, member) ? `${holder}.${member} (${statics[member]})` : undefined;
  }
  if (node.type !== "CallExpression") return undefined;
  const { callee } = node;
  if (!isNode(callee) || callee.type !== "MemberExpression") return undefined;
  const method = nameOf(callee) ?? "";
  return Object.hasOwn(newerMethods, method) ? `.${method}() (${newerMethods[method]})` : undefined;
}
