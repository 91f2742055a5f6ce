import { fieldsOfType, kindNamed, kindNames } from "../../catalogue.ts";
import type { CatalogueProperty } from "../../catalogue-entry.ts";
import type { ManagedInstance } from "../instance.ts";
import {
  href,
  links,
  notFound,
  oneOrMany,
  type RestAnswer,
  type RestRequest,
  success,
} from "./rest-answer.ts";

const scalarTypes: Readonly<Record<string, string>> = {
  String: "dmString",
  Int64: "dmUInt32",
  Bool: "dmToggle",
};

/** `GET /mgmt/metadata/{domain}/{class}`: a class as the catalogue has it. */
export function readMetadata(instance: ManagedInstance, request: RestRequest): RestAnswer {
  const [, domain, className, ...more] = request.segments;
  if (domain === undefined) {
    const classes = Object.fromEntries(
      kindNames().map((name) => [name, { href: `/mgmt/metadata/{domain}/${name}` }]),
    );
    return success({ _links: { self: { href: "/mgmt/metadata/" }, ...classes } });
  }
  const kind = kindNamed(className ?? "");
  const isThere = instance.configuration().domains.has(domain);
  if (!isThere || kind === undefined || more.length > 0) return notFound(request.path);
  const property = [...kind.properties.values()].map((each) => propertyOf(each, domain));
  return success({
    ...links(href("metadata", domain, kind.name), `/mgmt/docs/metadata/${kind.name}`),
    object: {
      name: kind.name,
      "cli-alias": kind.alias,
      properties: { property: oneOrMany(property) },
    },
  });
}

/** `GET /mgmt/types/{domain}/{type}`. */
export function readTypes(instance: ManagedInstance, request: RestRequest): RestAnswer {
  const [, domain, name, ...more] = request.segments;
  if (domain === undefined) return success({ _links: { self: { href: "/mgmt/types/" } } });
  const isThere = instance.configuration().domains.has(domain);
  if (!isThere || name === undefined || more.length > 0) return notFound(request.path);
  const self = links(href("types", domain, name), `/mgmt/docs/types/${name}`);
  if (["dmReference", ...Object.values(scalarTypes)].includes(name)) {
    return success({ ...self, type: { name } });
  }
  const fields = fieldsOfType(name);
  if (fields !== undefined) {
    const property = fields.map((each) => propertyOf(each, domain));
    return success({ ...self, type: { name, properties: { property: oneOrMany(property) } } });
  }
  const values = enumerations().get(name);
  if (values === undefined) return notFound(request.path);
  const list = values.map((each) => ({ name: each }));
  return success({ ...self, type: { name, "value-list": { value: oneOrMany(list) } } });
}

function propertyOf(property: CatalogueProperty, domain: string): Record<string, unknown> {
  const { refersTo, min, max, maxLength, cli, type, name } = property;
  return {
    name,
    ...(cli === undefined ? {} : { "cli-alias": cli }),
    ...(type === "List" ? { array: "true" } : {}),
    ...(property.required === true ? { required: "true" } : {}),
    ...(property.default === undefined ? {} : { default: property.default }),
    ...(min === undefined ? {} : { minimum: min }),
    ...(max === undefined ? {} : { maximum: max }),
    ...(maxLength === undefined ? {} : { "max-length": maxLength }),
    type: {
      href: href("types", domain, typeName(property)),
      ...(refersTo === undefined
        ? {}
        : { "reference-to": { href: href("metadata", domain, refersTo) } }),
    },
  };
}

/** The catalogue keeps no names of enumerations: they are named for the property here. */
function typeName(property: CatalogueProperty): string {
  if (property.refersTo !== undefined) return "dmReference";
  if (property.name === "mAdminState") return "dmAdminState";
  const complex = property.valueType ?? property.elementType;
  if (complex !== undefined && fieldsOfType(complex) !== undefined) return complex;
  if (property.values !== undefined) return `dm${property.name}`;
  return scalarTypes[property.type ?? "String"] ?? scalarTypes[complex ?? "String"] ?? "dmString";
}

let known: Map<string, readonly string[]> | undefined;

function enumerations(): ReadonlyMap<string, readonly string[]> {
  if (known !== undefined) return known;
  known = new Map([["dmAdminState", ["enabled", "disabled"]]]);
  for (const name of kindNames()) {
    for (const property of kindNamed(name)?.properties.values() ?? []) {
      if (property.values === undefined || known.has(`dm${property.name}`)) continue;
      known.set(`dm${property.name}`, property.values);
    }
  }
  return known;
}
