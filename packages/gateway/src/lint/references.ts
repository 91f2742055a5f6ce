import { fieldsOfType, isBitmap, kindNamed } from "../catalogue.ts";
import type { CatalogueProperty } from "../catalogue-entry.ts";
import {
  type ConfigDomain,
  type ConfigObject,
  type Configuration,
  type Origin,
  objectKey,
  type PropertyLine,
} from "../config/model.ts";
import { regularLines } from "../config/values.ts";
import { isSavedPhase } from "../plan/aaa/saved-phase.ts";

/** One name that an object gives of another one. `target` is undefined when there is no such object. */
export interface Reference {
  readonly property: string;
  readonly kind: string;
  readonly name: string;
  readonly origin: Origin;
  readonly target: ConfigObject | undefined;
}

/** Kinds of which every domain has some that no configuration writes down. */
const builtIn: ReadonlySet<string> = new Set([
  "LogLabel",
  "LogTarget",
  "Domain",
  "RaidVolume",
  "EthernetInterface",
  "AccessControlList",
  "UserGroup",
]);

/** Properties of an action that name objects although the catalogue does not say so. */
const ofActions: Readonly<Record<string, string>> = {
  "async-action": "StylePolicyAction",
  "loop-action": "StylePolicyAction",
  rule: "StylePolicyRule",
  slm: "SLMPolicy",
};

/** Every reference of an object, as the catalogue knows them, in the order of its lines. */
export function referencesOf(
  configuration: Configuration,
  domain: ConfigDomain,
  object: ConfigObject,
): readonly Reference[] {
  const kind = kindNamed(object.kind);
  if (kind === undefined) return [];
  const references: Reference[] = [];
  const add = (property: string, to: string, name: string, origin: Origin): void => {
    if (name === "" || /^(?:var:|%)/.test(name)) return;
    const target = findObject(configuration, domain, to, name);
    // a word for nothing, unless an object bears it
    if (name === "none" && target === undefined) return;
    references.push({ property, kind: to, name, origin, target });
  };
  for (const line of regularLines(object)) {
    const property = kind.properties.get(line.name);
    if (property === undefined || line.negated || isSavedPhase(object, line)) continue;
    const at = (argument: number): Origin => originOf(line, argument);
    const to = referredKind(object, line.name, property);
    if (to !== undefined) {
      for (const [argument, name] of line.arguments.entries()) {
        add(line.name, to, name, at(argument));
      }
      continue;
    }
    for (const [argument, field] of recordFields(property).entries()) {
      const of = field.refersTo;
      if (of === undefined) continue;
      const child = line.children?.find(({ name }) => name === field.cli);
      const name = child?.arguments[0] ?? line.arguments[argument];
      if (name !== undefined) add(line.name, of, name, child?.origin ?? at(argument));
    }
  }
  return references;
}

/** True where a reference to nothing means nothing: what firmware has by itself. */
export function isBuiltIn(reference: Reference): boolean {
  const { kind, name } = reference;
  if (builtIn.has(kind)) return true;
  return (
    kind !== "StylePolicy" &&
    /^(?:default(?:-attempt-stream(?:-all)?|-wsrr)?|system-default)$/.test(name)
  );
}

function originOf(line: PropertyLine, argument: number): Origin {
  const column = line.columns?.[argument] ?? line.origin.column;
  return { ...line.origin, ...(column === undefined ? {} : { column }) };
}

function referredKind(
  { kind }: ConfigObject,
  word: string,
  { refersTo }: CatalogueProperty,
): string | undefined {
  return refersTo ?? (kind === "StylePolicyAction" ? ofActions[word] : undefined);
}

function recordFields(property: CatalogueProperty): readonly CatalogueProperty[] {
  const type = property.valueType ?? property.elementType;
  if (type === undefined || isBitmap(type)) return [];
  const fields = fieldsOfType(type) ?? [];
  return fields.map((field) =>
    field.name === "ConditionAction" ? { ...field, refersTo: "StylePolicyAction" } : field,
  );
}

/** Some kinds exist in the default domain for all; front-side handlers are referred to as one kind. */
function findObject(
  configuration: Configuration,
  domain: ConfigDomain,
  kind: string,
  name: string,
): ConfigObject | undefined {
  for (const each of [domain, configuration.domains.get("default")]) {
    const found = each?.objects.get(objectKey(kind, name));
    if (found !== undefined) return found;
  }
  return undefined;
}
