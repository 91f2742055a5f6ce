import { Fault, nearestWord, unreachable } from "@lithify/fault";
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { SecurityContext } from "../identity/security-context.ts";
import { identityText, kubernetesText } from "../identity/text.ts";
import type { Policy, PolicyTree, Waiver } from "./policy.ts";
import { profileDefaults } from "./profiles.ts";
import {
  type ListSchema,
  type MapSchema,
  type NumberSchema,
  policySchema,
  type Schema,
  type TextOrMapSchema,
  type TextOrNumberSchema,
  type TextSchema,
} from "./schema.ts";

/** Bytes of a policy file that are read at most. */
export const policySizeLimit = 1024 * 1024;

/**
 * The policy that a `lithify.yaml` holds; keys that are left out come from the profile.
 * `file` is its name in faults. Throws Fault POLICY_INVALID with the place.
 */
export function parsePolicy(text: string, file: string): Policy {
  const lines = new LineCounter();
  if (Buffer.byteLength(text) > policySizeLimit) {
    throw new Fault("POLICY_INVALID", `the policy ${file}`, {
      why: `it is larger than ${policySizeLimit} bytes`,
      place: { file, line: 1 },
    });
  }
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, version: "1.2" });
  const reader: Reader = { file, lines };
  const syntax = document.errors[0];
  if (syntax !== undefined) {
    throw invalid(reader, syntax.pos[0], "it is not well-formed YAML", {
      hint: syntax.message.split("\n")[0] ?? "",
    });
  }
  if (document.contents === null) {
    throw invalid(reader, 0, "it is empty", { hint: "Start with: version: 1" });
  }
  checkNode(reader, document.contents, policySchema, "");
  return policyOf(reader, document.contents, document.toJS({ maxAliasCount: 0 }));
}

interface Reader {
  readonly file: string;
  readonly lines: LineCounter;
}

/** The document as the schema guarantees it. */
interface PolicyDocument {
  readonly profile?: Policy["profile"];
  readonly image?: string;
  readonly user?: string;
  readonly protect?: readonly { path: string; directories?: string; files?: string }[];
  readonly writable?: readonly string[];
  readonly identities?: readonly (string | IdentityDocument)[];
  readonly waive?: readonly Waiver[];
  readonly setid?: "keep" | "remove";
  readonly capabilities?: "keep" | "remove";
}

interface IdentityDocument {
  readonly user?: string;
  readonly groups?: readonly (string | number)[];
  readonly capabilities?: readonly string[];
  readonly bounding?: readonly string[];
  readonly noNewPrivileges?: boolean;
  readonly securityContext?: SecurityContext;
}

function policyOf(reader: Reader, root: Node, document: PolicyDocument): Policy {
  const { profile = "generic", protect, waive, ...rest } = document;
  const defaults = profileDefaults(profile);
  checkWaivers(reader, root, waive ?? []);
  return {
    profile,
    trees: protect?.map((tree, index) => treeOf(reader, root, tree, index)) ?? defaults.trees,
    writable: (rest.writable ?? defaults.writable).map(withoutTrailingSlash),
    identities: rest.identities?.map(identityOf) ?? defaults.identities,
    ...definedUser(rest.user ?? defaults.user),
    ...(rest.image === undefined ? {} : { image: rest.image }),
    ...(waive === undefined ? {} : { waive }),
    ...(rest.setid === undefined ? {} : { setid: rest.setid }),
    ...(rest.capabilities === undefined ? {} : { capabilities: rest.capabilities }),
  };
}

/** In a policy an identity is its text, whichever way it was written. */
function identityOf(written: string | IdentityDocument): string {
  if (typeof written === "string") return written;
  const { securityContext, groups = [], ...rest } = written;
  if (securityContext !== undefined) return kubernetesText(securityContext);
  return identityText({ ...rest, groups: groups.map(String) });
}

function definedUser(user: string | undefined): { user?: string } {
  return user === undefined ? {} : { user };
}

function treeOf(
  reader: Reader,
  root: Node,
  tree: { path: string; directories?: string; files?: string },
  index: number,
): PolicyTree {
  const directories = Number.parseInt(tree.directories ?? "0755", 8);
  const files = Number.parseInt(tree.files ?? "0644", 8);
  for (const [key, mode] of [
    ["directories", directories],
    ["files", files],
  ] as const) {
    if ((mode & 0o022) === 0) continue;
    throw invalid(
      reader,
      offsetAt(root, ["protect", index, key]),
      `${key} of ${tree.path} may be written by group or others`,
      { hint: "A protected tree has modes without group and other write: 0755 and 0644." },
    );
  }
  return { path: withoutTrailingSlash(tree.path), directories, files };
}

function checkWaivers(reader: Reader, root: Node, waivers: readonly Waiver[]): void {
  waivers.forEach((waiver, index) => {
    const day = new Date(`${waiver.expires}T00:00:00Z`);
    if (!Number.isNaN(day.getTime()) && day.toISOString().startsWith(waiver.expires)) return;
    throw invalid(
      reader,
      offsetAt(root, ["waive", index, "expires"]),
      `${waiver.expires} is not a day of the calendar`,
    );
  });
}

function checkNode(reader: Reader, node: unknown, schema: Schema, name: string): void {
  if (Array.isArray(schema.type)) {
    checkEither(reader, node, schema as TextOrMapSchema | TextOrNumberSchema, name);
    return;
  }
  const one = schema as Exclude<Schema, TextOrMapSchema | TextOrNumberSchema>;
  switch (one.type) {
    case "integer":
      if (isScalar(node) && node.value === one.const) break;
      throw wrong(reader, node, name, `must be ${one.const}`);
    case "number":
      checkNumber(reader, node, one, name);
      break;
    case "boolean":
      if (isScalar(node) && typeof node.value === "boolean") break;
      throw wrong(reader, node, name, "must be true or false");
    case "object":
      checkMap(reader, node, one, name);
      break;
    case "array":
      checkList(reader, node, one, name);
      break;
    case "string":
      checkText(reader, node, one, name);
      break;
    default:
      unreachable(one);
  }
}

function checkEither(
  reader: Reader,
  node: unknown,
  schema: TextOrMapSchema | TextOrNumberSchema,
  name: string,
): void {
  if ("properties" in schema && isMap(node)) {
    checkMap(reader, node, { ...schema, type: "object" }, name);
  } else if ("maximum" in schema && isScalar(node) && typeof node.value === "number") {
    checkNumber(reader, node, schema, name);
  } else {
    checkText(reader, node, { ...schema, type: "string" }, name);
  }
}

function checkNumber(
  reader: Reader,
  node: unknown,
  { minimum, maximum }: Pick<NumberSchema, "minimum" | "maximum">,
  name: string,
): void {
  const value = isScalar(node) ? node.value : undefined;
  if (Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum) return;
  throw wrong(reader, node, name, `must be a whole number from ${minimum} to ${maximum}`);
}

function checkList(reader: Reader, node: unknown, schema: ListSchema, name: string): void {
  if (!isSeq(node)) throw wrong(reader, node, name, "must be a list");
  if (node.items.length < (schema.minItems ?? 0)) throw wrong(reader, node, name, "is empty");
  node.items.forEach((item, index) => {
    checkNode(reader, item, schema.items, `${name}[${index}]`);
  });
}

function checkMap(reader: Reader, node: unknown, schema: MapSchema, name: string): void {
  if (!isMap(node)) throw wrong(reader, node, name, "must be keys with values");
  const known = Object.keys(schema.properties);
  for (const { key, value } of node.items) {
    const word = isScalar(key) ? String(key.value) : "?";
    const inner = schema.properties[word];
    if (inner === undefined || !known.includes(word)) {
      const near = nearestWord(word, known);
      throw invalid(
        reader,
        startOf(key),
        `unknown key ${word}${name === "" ? "" : ` in ${name}`}`,
        {
          hint: near === undefined ? `Known keys: ${known.join(", ")}.` : `Did you mean ${near}?`,
        },
      );
    }
    checkNode(reader, value ?? key, inner, name === "" ? word : `${name}.${word}`);
  }
  const missing = schema.required.find((key) => !node.has(key));
  if (missing !== undefined) throw wrong(reader, node, name, `needs the key ${missing}`);
}

function checkText(reader: Reader, node: unknown, schema: TextSchema, name: string): void {
  if (!isScalar(node) || typeof node.value !== "string") {
    const written = isScalar(node) ? String(node.source ?? "") : "";
    throw wrong(
      reader,
      node,
      name,
      "must be a text",
      written === "" ? undefined : `Put it in quotes: "${written}".`,
    );
  }
  const text = node.value;
  if (schema.enum !== undefined && !schema.enum.includes(text)) {
    const near = nearestWord(text, schema.enum);
    throw wrong(
      reader,
      node,
      name,
      `is ${text}, which is not one of ${schema.enum.join(", ")}`,
      near === undefined ? undefined : `Did you mean ${near}?`,
    );
  }
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, "u").test(text)) {
    const example = schema.examples?.[0];
    throw wrong(
      reader,
      node,
      name,
      `is ${JSON.stringify(text)}, which has not the right form`,
      example === undefined ? undefined : `For example: ${example}.`,
    );
  }
}

function wrong(reader: Reader, node: unknown, name: string, why: string, hint?: string): Fault {
  const subject = name === "" ? "the policy" : name;
  return invalid(reader, startOf(node), `${subject} ${why}`, hint === undefined ? {} : { hint });
}

function invalid(
  reader: Reader,
  offset: number,
  why: string,
  details: { readonly hint?: string } = {},
): Fault {
  const { line, col } = reader.lines.linePos(offset);
  return new Fault("POLICY_INVALID", `the policy ${reader.file}`, {
    why,
    place: { file: reader.file, line: Math.max(1, line), column: Math.max(1, col) },
    ...details,
  });
}

function startOf(node: unknown): number {
  const range = (node as Node | undefined)?.range;
  return range?.[0] ?? 0;
}

function offsetAt(root: Node, path: readonly (string | number)[]): number {
  let node: unknown = root;
  let best = 0;
  for (const step of path) {
    if (!isMap(node) && !isSeq(node)) break;
    node = node.get(step, true);
    if (node === undefined) break;
    best = startOf(node);
  }
  return best;
}

function withoutTrailingSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/u, "") || "/" : path;
}
