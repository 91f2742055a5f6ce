import { createRequire } from "node:module";
import type { Node, Program } from "acorn";

/** A node of a script's syntax tree, with any member that its type has. */
export type SyntaxNode = Node & Readonly<Record<string, unknown>>;

/** A script that does not parse. Lines count from 1, columns from 0. */
export class ScriptSyntaxError extends Error {
  readonly line: number;
  readonly column: number;

  constructor(message: string, line: number, column: number) {
    super(message);
    this.name = "ScriptSyntaxError";
    this.line = line;
    this.column = column;
  }
}

/**
 * The syntax tree of a script, read as the body of a strict function, in the newest language that
 * the parser has. The parser is loaded by the first call. Throws ScriptSyntaxError.
 */
export function parseScript(source: string): SyntaxNode {
  const require = createRequire(import.meta.url);
  const acorn = require("acorn") as typeof import("acorn");
  let program: Program;
  try {
    // on the same line, so that lines stay as they are
    program = acorn.parse(`"use strict";${source}`, {
      ecmaVersion: "latest",
      sourceType: "script",
      allowReturnOutsideFunction: true,
      locations: true,
    });
  } catch (error) {
    const { message, loc } = error as SyntaxError & { loc: { line: number; column: number } };
    throw new ScriptSyntaxError(message.replace(/ \(\d+:\d+\)$/, ""), ...placeOf(loc));
  }
  return program as unknown as SyntaxNode;
}

/** Where a node begins in the source. */
export function placeOf({ line, column }: { line: number; column: number }): [number, number] {
  return [line, line === 1 ? Math.max(0, column - '"use strict";'.length) : column];
}

/** Every node of a tree, those that contain others first. */
export function* everyNode(top: SyntaxNode): Generator<SyntaxNode> {
  const waiting: SyntaxNode[] = [top];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    yield node;
    for (const key of Object.keys(node).reverse()) {
      const value = node[key];
      for (const each of Array.isArray(value) ? value.toReversed() : [value]) {
        if (isNode(each)) waiting.push(each);
      }
    }
  }
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

/** The text of a literal, or of a template without expressions; undefined for anything else. */
export function literalText(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === "Literal") return typeof node.value === "string" ? node.value : undefined;
  if (node.type !== "TemplateLiteral") return undefined;
  const quasis = node.quasis as readonly { readonly value: { readonly cooked?: string } }[];
  return quasis.length === 1 ? quasis[0]!.value.cooked : undefined;
}

/** The name of an identifier, or of a member that is accessed by name. */
export function nameOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === "Identifier") return node.name as string;
  if (node.type !== "MemberExpression") return undefined;
  return node.computed === true ? literalText(node.property) : nameOf(node.property);
}
