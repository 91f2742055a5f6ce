import type { AnySchemaObject, ErrorObject, Options, ValidateFunction } from "ajv";

/** Checks a value: what is wrong with it, or undefined. */
export type JsonValidator = (value: unknown) => string | undefined;

/** The text of the schema file that a reference leads to; throws when there is none. */
export type SchemaSource = (url: string) => string;

/** What the classes of the library have in common here. */
interface Compiler {
  compileAsync(schema: AnySchemaObject): Promise<ValidateFunction>;
  addFormat(name: string, format: true): unknown;
}

const options: Options = {
  strict: false,
  logger: false,
  allErrors: false,
  addUsedSchema: false,
};

/**
 * A validator of the JSON Schema at `url`, with what it refers to. The draft is what `$schema`
 * says: 4 (also where it says nothing (?)), 6, 7, 2019-09 or 2020-12. Throws Error for a text that
 * is no schema, for another draft and for references that lead nowhere.
 */
export async function compileJsonSchema(url: string, source: SchemaSource): Promise<JsonValidator> {
  const schema = parseSchema(source(url), url);
  const compiler = await compilerFor(String(schema.$schema ?? ""), (uri) =>
    parseSchema(source(uri), uri),
  );
  const id = schema.$id ?? schema.id;
  // relative references begin at the file, unless the schema has a name of its own
  const named = id === undefined ? { ...schema, [compiler.idWord]: url } : schema;
  const validate = await compiler.ajv.compileAsync(named);
  return (value) => (validate(value) ? undefined : whyNot(validate.errors ?? []));
}

async function compilerFor(
  draft: string,
  load: (uri: string) => AnySchemaObject,
): Promise<{ ajv: Compiler; idWord: "id" | "$id" }> {
  const withLoad: Options = { ...options, loadSchema: async (uri) => load(uri) };
  const addFormats = (await import("ajv-formats")).default.default;
  if (draft === "" || draft.includes("draft-04")) {
    const Ajv = (await import("ajv-draft-04")).default.default;
    const ajv = new Ajv(withLoad);
    addFormats(ajv);
    return { ajv, idWord: "id" };
  }
  const ajv = await laterDraft(draft, withLoad);
  addFormats(ajv);
  return { ajv, idWord: "$id" };
}

async function laterDraft(draft: string, withLoad: Options) {
  const Ajv = (await import("ajv")).default.default;
  if (draft.includes("draft-07")) return new Ajv(withLoad);
  if (draft.includes("draft-06")) {
    const ajv = new Ajv(withLoad);
    const meta = await import("ajv/dist/refs/json-schema-draft-06.json", {
      with: { type: "json" },
    });
    return ajv.addMetaSchema(meta.default);
  }
  if (draft.includes("2019-09"))
    return new (await import("ajv/dist/2019.js")).default.default(withLoad);
  if (draft.includes("2020-12"))
    return new (await import("ajv/dist/2020.js")).default.default(withLoad);
  throw new Error(`JSON Schema "${draft}" is not known here`);
}

function parseSchema(text: string, url: string): AnySchemaObject {
  const schema: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
  if (typeof schema === "object" && schema !== null && !Array.isArray(schema)) return schema;
  throw new Error(`${url} is no JSON Schema`);
}

/** `/orders/0/id must be integer` */
function whyNot(errors: readonly ErrorObject[]): string {
  const [first] = errors;
  if (first === undefined) return "it does not keep its schema";
  const extra = Object.hasOwn(first.params, "additionalProperty")
    ? ` ("${String(first.params.additionalProperty)}")`
    : "";
  return `${first.instancePath || "/"} ${first.message ?? first.keyword}${extra}`;
}
