import { ruleCodes } from "./rule-codes.ts";

/** The part of JSON Schema (2020-12) that a policy needs; the parser walks the same value. */
export type Schema =
  | MapSchema
  | ListSchema
  | TextSchema
  | ConstSchema
  | NumberSchema
  | TruthSchema
  | TextOrMapSchema
  | TextOrNumberSchema;

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

export interface NumberSchema {
  readonly type: "number";
  readonly multipleOf: 1;
  readonly minimum: number;
  readonly maximum: number;
  readonly description?: string;
}

export interface TruthSchema {
  readonly type: "boolean";
  readonly description?: string;
}

/** A text, or keys with values; each keyword holds for the type that it is about. */
export interface TextOrMapSchema extends Omit<MapSchema, "type">, Omit<TextSchema, "type"> {
  readonly type: readonly ["string", "object"];
}

export interface TextOrNumberSchema
  extends Omit<NumberSchema, "type" | "multipleOf">,
    Omit<TextSchema, "type"> {
  readonly type: readonly ["string", "integer"];
}

const largestId = 2 ** 31 - 1;

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
      description: "Who to prove for. A container's process is one of them.",
      items: {
        type: ["string", "object"],
        description:
          "As docker run -u takes it: name, uid, name:group, uid:gid; USER is the image's own. With +GROUP,… as --group-add, cap=, bound= and nnp=off behind it; kubernetes(…) and openshift(UID).",
        pattern: ".",
        examples: ["drouter", "1000770000:0", "1001+27,100,nnp=off"],
        additionalProperties: false,
        required: [],
        properties: identityKeys(),
      },
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

function identityKeys(): Readonly<Record<string, Schema>> {
  const capabilities = (description: string): Schema => ({
    type: "array",
    description,
    items: { type: "string", pattern: "^(?:CAP_|cap_)?[A-Za-z_]+$", examples: ["CAP_CHOWN"] },
  });
  const id = (description: string): Schema => ({
    type: "number",
    multipleOf: 1,
    minimum: 0,
    maximum: largestId,
    description,
  });
  return {
    user: {
      type: "string",
      pattern: "^[^+,]+$",
      description: "As docker run -u takes it; the image's own when left out.",
      examples: ["1001:0"],
    },
    groups: {
      type: "array",
      description: "Groups that the engine adds, as docker run --group-add takes them.",
      items: {
        type: ["string", "integer"],
        pattern: "^[^+,=]+$",
        minimum: 0,
        maximum: largestId,
        examples: ["audio"],
      },
    },
    capabilities: capabilities("Effective capabilities."),
    bounding: capabilities("The bounding set; Docker's when left out, none when empty."),
    noNewPrivileges: { type: "boolean", description: "true when left out." },
    securityContext: {
      type: "object",
      description:
        "What a Kubernetes pod and container say, instead of the other keys; no_new_privs is off unless allowPrivilegeEscalation is false.",
      additionalProperties: false,
      required: [],
      properties: {
        runAsUser: id("The uid; the image's USER when left out."),
        runAsGroup: id("The gid; that of the image's passwd when left out, else 0."),
        fsGroup: id("A group of volumes, and of the process."),
        supplementalGroups: {
          type: "array",
          description: "Further groups.",
          items: id("A gid."),
        },
        supplementalGroupsPolicy: {
          type: "string",
          enum: ["Merge", "Strict"],
          description: "Merge adds the groups of the image's /etc/group.",
        },
        allowPrivilegeEscalation: { type: "boolean", description: "false sets no_new_privs." },
        privileged: { type: "boolean", description: "All capabilities." },
        addCapabilities: capabilities("capabilities.add"),
        dropCapabilities: capabilities("capabilities.drop"),
      },
    },
  };
}
