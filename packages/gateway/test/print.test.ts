import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fieldsOfType, isBitmap, type Kind, kindNamed, kindNames } from "../src/catalogue.ts";
import type { CatalogueProperty } from "../src/catalogue-entry.ts";
import { loadConfiguration } from "../src/config/load.ts";
import type { ConfigDomain, PropertyLine } from "../src/config/model.ts";
import type { OpenObject } from "../src/config/object-table.ts";
import { readConfiguration } from "../src/config/reader.ts";
import { orderedLines } from "../src/print/order.ts";
import { printDomain } from "../src/print/print-domain.ts";

const origin = { file: "made.cfg", line: 1, column: 1 };
const text = fc
  .string({ unit: "grapheme", maxLength: 12 })
  .filter((value) => !/[\n\0]|\r/.test(value));
const filled = text.filter((value) => value !== "");
const name = fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/);

/** The words that one value of a property or field is written with. */
function written(property: CatalogueProperty): fc.Arbitrary<string> {
  if (property.values !== undefined && property.values.length > 0) {
    return fc.constantFrom(...property.values);
  }
  if (property.type === "Int64") {
    const min = property.min ?? 0;
    return fc.integer({ min, max: Math.max(min, property.max ?? min + 1000) }).map(String);
  }
  if (property.type === "Bool") return fc.constantFrom("on", "off");
  if (property.refersTo !== undefined) return name;
  return filled.map((value) => value.slice(0, property.maxLength ?? 12));
}

function lineOf(property: CatalogueProperty): fc.Arbitrary<readonly PropertyLine[]> {
  const word = property.cli!;
  const made = (rest: Partial<PropertyLine>): PropertyLine => ({
    name: word,
    arguments: [],
    negated: false,
    origin,
    known: true,
    ...rest,
  });
  const type = property.valueType ?? property.elementType;
  const fields = type === undefined ? undefined : fieldsOfType(type);
  let one: fc.Arbitrary<PropertyLine>;
  if (property.type === "Bool") one = fc.boolean().map((negated) => made({ negated }));
  else if (type !== undefined && fields !== undefined && isBitmap(type)) {
    one = fc
      .subarray(
        fields.map((field) => field.name),
        { minLength: 1 },
      )
      .map((on) => made({ arguments: [on.join("+")] }));
  } else if (fields !== undefined) {
    const line = fc.tuple(...fields.map(written)).map((words) => made({ arguments: words }));
    const named = fields.filter((field) => field.cli !== undefined && field.type !== "List");
    const children = fc
      .tuple(...named.map((field) => written(field).map((value) => [field.cli!, value] as const)))
      .map((pairs) =>
        made({
          children: pairs.map(([child, value]) => made({ name: child, arguments: [value] })),
        }),
      );
    one = named.length === fields.length ? fc.oneof(line, children) : line;
  } else one = written(property).map((value) => made({ arguments: [value] }));
  return property.type === "List"
    ? fc.array(one, { maxLength: 3 })
    : fc.option(one, { nil: undefined }).map((line) => (line === undefined ? [] : [line]));
}

function objectOf(kind: Kind): fc.Arbitrary<OpenObject> {
  const properties = [...kind.properties.values()].filter(({ cli }) => cli !== "admin-state");
  const lines = fc.tuple(...properties.map(lineOf)).map((each) => each.flat());
  return fc.record({ name, lines, enabled: fc.boolean() }).map((made) => ({
    domain: "made",
    alias: kind.alias,
    kind: kind.name,
    origin,
    ...made,
    name: kind.singleton ? kind.alias : made.name,
  }));
}

function domainOf(objects: readonly OpenObject[]): ConfigDomain {
  const table = new Map(objects.map((object) => [`${object.kind}/${object.name}`, object]));
  return { name: "made", files: [], objects: table, skipped: [], whole: true };
}

/** What a printer must keep: everything but where it stood. */
function model(domain: ConfigDomain): unknown {
  const plain = (line: PropertyLine): unknown => [
    line.name,
    line.arguments,
    line.negated,
    line.known,
    line.children?.map(plain),
  ];
  return [...domain.objects].map(([key, object]) => [
    key,
    object.alias,
    object.enabled,
    orderedLines(object).map(plain),
  ]);
}

function reread(printed: string): ConfigDomain {
  const table = new Map<string, OpenObject>();
  const problems: unknown[] = [];
  const faults = readConfiguration(printed, "made.cfg", {
    domain: "made",
    table,
    problems: problems as never[],
    skipped: [],
    fileExists: () => false,
    execute: () => {},
  });
  expect(faults).toEqual([]);
  return { name: "made", files: [], objects: table, skipped: [], whole: true };
}

const kinds = [...kindNames(), "SSLProxyProfile", "CryptoProfile"];

test("there are 268 kinds", () => expect(kindNames()).toHaveLength(268));

test.each(kinds)("%s: reading what was printed gives it back", (kind) => {
  fc.assert(
    fc.property(fc.array(objectOf(kindNamed(kind)!), { minLength: 1, maxLength: 3 }), (objects) => {
      const domain = domainOf(objects);
      const printed = printDomain(domain);
      const again = reread(printed);
      expect(model(again)).toEqual(model(domain));
      expect(printDomain(again)).toBe(printed);
    }),
    { numRuns: 20, seed: 20261123 },
  );
});

test("a domain of all kinds at once", () => {
  const objects = kinds.flatMap((kind) =>
    fc.sample(objectOf(kindNamed(kind)!), { numRuns: 2, seed: 7 }),
  );
  const domain = domainOf(objects);
  expect(model(reread(printDomain(domain)))).toEqual(model(domain));
});

const cases = join(import.meta.dirname, "cases/configurations");
const example = join(import.meta.dirname, "../../../examples/echo-gateway/src");

test.each([...readdirSync(cases).map((each) => join(cases, each)), example])(
  "%s comes back",
  (folder) => {
    const root = mkdtempSync(join(tmpdir(), "gateway-print-"));
    try {
      cpSync(folder, root, { recursive: true });
      for (const domain of loadConfiguration(root).domains.values()) {
        const printed = printDomain(domain);
        expect(model(reread(printed))).toEqual(model(domain));
      }
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  },
);

test("the form of a saved domain", async () => {
  const folder = join(import.meta.dirname, "cases/print");
  const printed = printDomain(reread(readFileSync(join(folder, "input.cfg"), "utf8")));
  await expect(printed).toMatchFileSnapshot(join(folder, "expected.cfg"));
});

const word = fc.constantFrom(
  ...(
    "top exit cancel reset no crypto exec configure terminal %if% %endif% available false mpgw " +
    "source-http action rule matching stylepolicy loadbalancer-group health-check server urlmatch " +
    "type gatewayscript port logging target event key certificate idcred profile sslproxy reverse " +
    'xmlmgr xml-manager documentcache parser limits validate xml xsl cache size user web-mgmt "" ' +
    'statistics ssh timezone xform setvar results on off "a" "a\\"b" 1 A+B unknown-word'
  ).split(" "),
);
/** A word of the modes themselves can be no value without quotes of its own meaning. */
const control = /^(?:top|exit|cancel|reset|no|crypto|exec|configure|%if%|%endif%)$/;
const anything = fc
  .array(
    fc.tuple(
      word,
      fc.array(
        word.filter((each) => !control.test(each)),
        { maxLength: 4 },
      ),
    ),
    { maxLength: 25 },
  )
  .map((lines) => lines.map(([first, rest]) => [first, ...rest].join(" ")).join("\n"));

test("whatever is read comes back, as long as the catalogue knows the words", () => {
  fc.assert(
    fc.property(anything, (source) => {
      const table = new Map<string, OpenObject>();
      readConfiguration(source, "made.cfg", {
        domain: "made",
        table,
        problems: [],
        skipped: [],
        fileExists: () => false,
        execute: () => {},
      });
      const domain = domainOf([...table.values()]);
      fc.pre([...table.values()].every(({ lines }) => lines.every(({ known }) => known)));
      expect(model(reread(printDomain(domain)))).toEqual(model(domain));
    }),
    { numRuns: 2000, seed: 5 },
  );
});
