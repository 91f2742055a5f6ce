import { fieldsOfType, isBitmap, type Kind, kindNamed } from "../../catalogue.ts";
import type { CatalogueProperty } from "../../catalogue-entry.ts";
import type { ConfigDomain, ConfigObject } from "../../config/model.ts";
import { effectiveValues, type Value } from "../../config/values.ts";
import { href } from "./rest-answer.ts";

/** Properties whose values are never shown. Names of password aliases are no secrets. */
const secret = /(?:^|[a-z])(?:Password|Passphrase|SecretKey|SharedSecret)$/;

/** The name of an object in the interface: a singleton has the one of its path there. */
export function restName(object: ConfigObject): string {
  const kind = kindNamed(object.kind);
  return singletonName(kind) ?? object.name;
}

export function singletonName(kind: Kind | undefined): string | undefined {
  if (kind?.singleton !== true) return undefined;
  const last = kind.rest?.split("/").at(-1);
  return last === kind.name || last === "{domain}" ? undefined : last;
}

/**
 * The properties of an object by their names in the interface, defaults applied: references as
 * `{value, href}`, switches as on and off, bitmaps as objects of them, one value of a list as
 * itself and several as an array. Lines that the catalogue does not know are left out.
 */
export function objectForm(object: ConfigObject, domain?: ConfigDomain): Record<string, unknown> {
  const kind = kindNamed(object.kind);
  const values = effectiveValues(object);
  const form: Record<string, unknown> = {
    mAdminState: object.enabled ? "enabled" : "disabled",
  };
  for (const [word, property] of kind?.properties ?? []) {
    if (word === "admin-state" || isSecret(property)) continue;
    const value = values.get(word);
    if (value !== undefined) form[property.name] = valueForm(property, value, object.domain);
  }
  if ("FrontProtocol" in form && domain !== undefined) {
    form.FrontProtocol = handlerForm(values.get("front-protocol"), domain);
  }
  return form;
}

/** The catalogue names no class for handlers: an object of any `source-` kind may be meant. */
function handlerForm(value: Value | undefined, domain: ConfigDomain): unknown {
  const names = Array.isArray(value) ? value : [value];
  const handlers = [...domain.objects.values()].filter(({ alias }) => alias.startsWith("source-"));
  const forms = names.map((name) => {
    const kind = handlers.find((each) => each.name === name)?.kind;
    const own = String(name);
    return kind === undefined ? own : { value: own, href: href("config", domain.name, kind, own) };
  });
  return forms.length === 1 ? forms[0] : forms;
}

function isSecret(property: CatalogueProperty): boolean {
  return property.refersTo === undefined && secret.test(property.name);
}

function valueForm(property: CatalogueProperty, value: Value, domain: string): unknown {
  const type = property.valueType ?? property.elementType;
  if (type !== undefined && isBitmap(type) && fieldsOfType(type) !== undefined) {
    const on: readonly Value[] = Array.isArray(value) ? value : [];
    const fields = fieldsOfType(type) ?? [];
    return Object.fromEntries(fields.map(({ name }) => [name, switchText(on.includes(name))]));
  }
  if (property.type === "List" && Array.isArray(value)) {
    const forms = value.map((each: Value) => single(property, type, each, domain));
    return forms.length === 1 ? forms[0] : forms;
  }
  return single(property, type, value, domain);
}

function single(
  property: CatalogueProperty,
  type: string | undefined,
  value: Value,
  domain: string,
): unknown {
  if (typeof value === "object" && !Array.isArray(value)) {
    const fields = type === undefined ? [] : (fieldsOfType(type) ?? []);
    const record = value as { readonly [field: string]: Value };
    return Object.fromEntries(
      fields.flatMap((field) => {
        const own = record[field.name];
        return own === undefined || isSecret(field)
          ? []
          : [[field.name, valueForm(field, own, domain)]];
      }),
    );
  }
  if (typeof value === "boolean") return switchText(value);
  const { refersTo } = property;
  if (refersTo !== undefined) {
    return { value, href: href("config", domain, refersTo, String(value)) };
  }
  return value;
}

function switchText(value: boolean): "on" | "off" {
  return value ? "on" : "off";
}
