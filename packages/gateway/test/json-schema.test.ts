import { expect, test } from "vitest";
import { compileJsonSchema } from "../src/json/json-schema.ts";

const files: Readonly<Record<string, string>> = {
  "local:///order.json": JSON.stringify({
    type: "object",
    required: ["id"],
    properties: {
      id: { type: "integer", minimum: 3, exclusiveMinimum: true },
      name: { $ref: "parts/name.json#/definitions/name" },
      at: { type: "string", format: "date-time" },
    },
    additionalProperties: false,
  }),
  "local:///parts/name.json": '{"definitions":{"name":{"type":"string","maxLength":3}}}',
  "draft-06": '{"$schema":"http://json-schema.org/draft-06/schema#","const":1}',
  "draft-07": '{"$schema":"http://json-schema.org/draft-07/schema#","if":true,"then":false}',
  "2019-09": '{"$schema":"https://json-schema.org/draft/2019-09/schema","unevaluatedItems":false}',
  "2020-12":
    '{"$schema":"https://json-schema.org/draft/2020-12/schema","prefixItems":[{"type":"string"}]}',
  "no-type": '{"type":"what"}',
  "far-away": '{"$ref":"http://127.0.0.1:1/x.json"}',
  "draft-03": '{"$schema":"http://json-schema.org/draft-03/schema#"}',
  "no-object": "[]",
  "no-json": "{",
};

function source(url: string): string {
  const text = files[url];
  if (text === undefined) throw new Error(`no ${url}`);
  return text;
}

test.each([
  ['{"id":4,"name":"abc","at":"2026-01-01T00:00:00Z"}', undefined],
  ['{"id":3}', "/id must be > 3"],
  ["{}", "/ must have required property 'id'"],
  ['{"id":4,"name":"abcd"}', "/name must NOT have more than 3 characters"],
  ['{"id":4,"at":"yesterday"}', '/at must match format "date-time"'],
  ['{"id":4,"x":1}', '/ must NOT have additional properties ("x")'],
])("draft 4 with a reference to another file: %s", async (value, expected) => {
  const validate = await compileJsonSchema("local:///order.json", source);
  expect(validate(JSON.parse(value))).toBe(expected);
});

test.each(["draft-06", "draft-07", "2019-09", "2020-12"])("%s", async (draft) => {
  const validate = await compileJsonSchema(draft, source);
  expect(validate([1])).toEqual(expect.any(String));
});

test.each([
  ["no-type", "schema is invalid"],
  ["far-away", "no http://127.0.0.1:1/x.json"],
  ["draft-03", "is not known here"],
  ["no-object", "is no JSON Schema"],
  ["no-json", "JSON"],
  ["missing", "no missing"],
])("%s cannot be used", async (name, why) => {
  await expect(compileJsonSchema(name, source)).rejects.toThrow(why);
});
