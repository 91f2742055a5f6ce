import { ruleCodes } from "./rule-codes.ts";

/** The part of JSON Schema (2020-12) that a policy needs; the parser walks the same value. */
export type Schema = MapSchema | ListSchema | TextSchema | ConstSchema;

export interface MapSchema {
  readonly type: "object";
  readonly description?: string;
  readonly additionalProperties: false;
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, Schema>>;
}

export interface ListSchema {
  readonly type: "array";
  readonly description?: string;
  readonly items: Schema;
  readonly minItems?: number;
}

export interface TextSchema {
  readonly type: "string";
  readonly description?: string;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly examples?: readonly string[];
}

export interface ConstSchema {
  readonly type: "integer";
  readonly const: number;
  readonly description?: string;
}

const absolutePath = {
  type: "string",
  pattern: "^/",
  description: "An absolute path in the image; links are followed.",
  examples: ["/drouter/config"],
} as const;

/** The schema of `lithify.yaml`; `schema/lithify.schema.json` is this value, and a test compares them. */
export const policySchema: Schema = {
  type: "object",
  description: "lithify.yaml: what is protected, what may be written, and by whom it is proven.",
  additionalProperties: false,
  required: ["version"],
  properties: {
    version: { type: "integer", const: 1, description: "The version of this format." },
    profile: {
      type: "string",
      enum: ["datapower", "generic"],
      description:
        "Supplies every key that is left out: datapower for gateway images, generic (the default) for all others.",
    },
    image: {
      type: "string",
      pattern: ".",
      description: "The image this policy is for; information only.",
    },
    user: {
      type: "string",
      pattern: ".",
      description: "USER of the sealed image, not root; the image's own when left out.",
      examples: ["drouter", "1001:0"],
    },
    protect: {
      type: "array",
      minItems: 1,
      description:
        "Trees with exact modes, root-owned. Everything else that is not writable is protected too.",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["path"],
        properties: {
          path: absolutePath,
          directories: mode("Mode of every directory, in quotes; 0755 when left out.", "0755"),
          files: mode("Mode of every file, in quotes; 0644 when left out.", "0644"),
        },
      },
    },
    writable: {
      type: "array",
      description: "Directories the process may write: each is a tmpfs at run time.",
      items: absolutePath,
    },
    identities: {
      type: "array",
      minItems: 1,
      description:
        "Users to prove for, as docker run -u takes them: name, uid, name:group, uid:gid.",
      items: { type: "string", pattern: ".", examples: ["drouter", "1000770000:0"] },
    },
    waive: {
      type: "array",
      description: "Findings that are accepted, with a reason and a last day.",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["rule", "reason", "expires"],
        properties: {
          rule: { type: "string", enum: ruleCodes, description: "Code of the rule." },
          path: absolutePath,
          reason: { type: "string", pattern: "\\S", description: "Why it is accepted." },
          expires: {
            type: "string",
            pattern: "^\\d{4}-\\d{2}-\\d{2}$",
            description: "The last day on which it holds, YYYY-MM-DD.",
          },
        },
      },
    },
    setid: keepOrRemove("Set-user-id and set-group-id bits of files outside the protected trees."),
    capabilities: keepOrRemove("File capabilities outside the protected trees."),
  },
};

/** The schema as the document that editors read. */
export const policySchemaDocument = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "lithify.yaml",
  ...policySchema,
};

function mode(description: string, example: string): Schema {
  return { type: "string", pattern: "^0?[0-7]{3}$", description, examples: [example] };
}

function keepOrRemove(description: string): Schema {
  return { type: "string", enum: ["keep", "remove"], description };
}
