import { fieldsOfType, isBitmap, kindNamed, kindNames } from "../../src/catalogue.ts";
import type { CatalogueProperty } from "../../src/catalogue-entry.ts";
import {
  type ConfigDomain,
  type ConfigObject,
  objectKey,
  type PropertyLine,
} from "../../src/config/model.ts";

const origin = { file: "made.cfg", line: 1, column: 1 };

/** A domain with `each` objects of every kind of the catalogue, every property of them set. */
export function largeDomain(each: number): ConfigDomain {
  const draw = numbers(7);
  const objects = new Map<string, ConfigObject>();
  for (const kindName of kindNames()) {
    const kind = kindNamed(kindName)!;
    const count = kind.singleton ? 1 : each;
    for (let n = 0; n < count; n++) {
      const name = kind.singleton ? kind.alias : `${kindName}-${n}`;
      const lines = [...kind.properties.values()].flatMap((property) => linesOf(property, draw));
      const object = {
        domain: "default",
        alias: kind.alias,
        kind: kindName,
        name,
        origin,
        enabled: n % 7 !== 3,
        lines,
      };
      objects.set(objectKey(kindName, name), object);
    }
  }
  return { name: "default", files: [], objects, skipped: [], whole: true };
}

function linesOf(property: CatalogueProperty, draw: Draw): readonly PropertyLine[] {
  if (property.cli === "admin-state") return [];
  const count = property.type === "List" ? 1 + draw(3) : 1;
  return Array.from({ length: count }, () => oneLine(property, draw));
}

function oneLine(property: CatalogueProperty, draw: Draw): PropertyLine {
  const name = property.cli!;
  const line = { name, arguments: [] as string[], negated: false, origin, known: true };
  const type = property.valueType ?? property.elementType;
  const fields = type === undefined ? undefined : fieldsOfType(type);
  if (property.type === "Bool") return { ...line, negated: draw(2) === 0 };
  if (type === undefined || fields === undefined)
    return { ...line, arguments: [word(property, draw)] };
  if (isBitmap(type)) {
    const on = fields.filter((_, at) => at === 0 || draw(2) === 0).map((field) => field.name);
    return { ...line, arguments: [on.join("+")] };
  }
  return { ...line, arguments: fields.map((field) => word(field, draw)) };
}

function word(property: CatalogueProperty, draw: Draw): string {
  const { values, type, min = 0, max, refersTo, maxLength } = property;
  if (values !== undefined && values.length > 0) return values[draw(values.length)]!;
  if (type === "Bool") return draw(2) === 0 ? "on" : "off";
  if (type === "Int64")
    return String(min + draw(Math.max(1, Math.min(1000, (max ?? min + 999) - min + 1))));
  if (refersTo !== undefined) return `${refersTo}-${draw(5)}`;
  return texts[draw(texts.length)]!.slice(0, maxLength ?? 100);
}

/** What is hard to write: quotes, backslashes, separators, comments, other alphabets. */
const texts = [
  "plain",
  'say "so"',
  "back\\slash\\",
  "a;b # c",
  "ümläut 漢字",
  "%if% x",
  "exit",
  "{1+2}",
];

type Draw = (below: number) => number;

/** The same numbers each time: a linear congruential generator (Numerical Recipes). */
function numbers(seed: number): Draw {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.trunc((state / 2 ** 32) * below);
  };
}
