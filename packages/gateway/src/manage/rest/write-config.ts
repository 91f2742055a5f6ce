import { randomBytes } from "node:crypto";
import { type Kind, kindNamed } from "../../catalogue.ts";
import type { ConfigDomain, ConfigObject } from "../../config/model.ts";
import type { ObjectChange } from "../../config/overlay.ts";
import type { ManagedInstance } from "../instance.ts";
import { restName, singletonName } from "./object-form.ts";
import { objectFromForm } from "./object-from-form.ts";
import {
  failure,
  href,
  immutable,
  links,
  notFound,
  type RestAnswer,
  type RestRequest,
  success,
} from "./rest-answer.ts";

/** Longest name of an object, in characters. */
const longestName = 128;

/**
 * PUT, POST and DELETE of objects and of single properties. Refused unless changes in memory are
 * allowed; then they are in force once this resolves, and gone at the next start.
 */
export async function writeConfig(
  instance: ManagedInstance,
  request: RestRequest,
): Promise<RestAnswer> {
  const { method, path, segments, body } = request;
  const [, domainName = "", className = "", name, property, ...more] = segments;
  const domain = instance.configuration().domains.get(domainName);
  const kind = kindNamed(className);
  if (domain === undefined || kind === undefined || more.length > 0) return notFound(path);
  if (instance.change === undefined) return immutable(path, `A change of the configuration`);
  const writing: Writing = { instance, domain, kind, request };
  if (method === "DELETE") {
    return name === undefined || property !== undefined
      ? failure(405, path, "Only an object can be deleted.")
      : deleteObject(writing, name);
  }
  const member = property ?? className;
  const form = isRecord(body) ? body[member] : undefined;
  if (form === undefined) {
    return failure(400, path, `The body must be a JSON object with the member "${member}".`);
  }
  if (property !== undefined) return putObject(writing, name!, { [property]: form }, property);
  if (!isRecord(form)) return failure(400, path, `"${className}" must be an object.`);
  return writeObject(writing, name, form);
}

/** PUT needs the name in the path; POST may have it in the body, and then makes a new object. */
function writeObject(
  writing: Writing,
  name: string | undefined,
  form: Readonly<Record<string, unknown>>,
): RestAnswer | Promise<RestAnswer> {
  const { method, path } = writing.request;
  const { domain, kind } = writing;
  const named = typeof form.name === "string" ? form.name : undefined;
  if (name !== undefined) {
    return named === undefined || named === name
      ? putObject(writing, name, form)
      : failure(400, path, "The name in the body is not the one in the path.");
  }
  if (method !== "POST") return failure(405, path, "PUT needs the name of an object.");
  if (named === undefined) return failure(400, path, 'The object has no "name".');
  return findObject(domain, kind, named) === undefined
    ? putObject(writing, named, form)
    : failure(409, path, `${kind.name} "${named}" exists already.`);
}

interface Writing {
  readonly instance: ManagedInstance;
  readonly domain: ConfigDomain;
  readonly kind: Kind;
  readonly request: RestRequest;
}

async function putObject(
  { instance, domain, kind, request }: Writing,
  name: string,
  form: Readonly<Record<string, unknown>>,
  property?: string,
): Promise<RestAnswer> {
  const { path } = request;
  const before = findObject(domain, kind, name);
  if (property !== undefined && before === undefined) return notFound(path);
  if (!isName(name) && before === undefined) return failure(400, path, "That is not a name.");
  const own = singletonName(kind) === name ? kind.alias : name;
  const salt = (): string => randomBytes(12).toString("base64url").slice(0, 16);
  const read = objectFromForm(kind, domain.name, before?.name ?? own, form, before, salt);
  if ("errors" in read) return failure(400, path, ...read.errors);
  await apply(
    instance,
    { domain: domain.name, kind: kind.name, name: read.object.name, object: read.object },
    request,
  );
  const self = href("config", domain.name, kind.name, name);
  if (property !== undefined) {
    const doc = `/mgmt/docs/config/${kind.name}/${property}`;
    return success({ ...links(`${self}/${property}`, doc), [property]: "Property was updated." });
  }
  const doc = `/mgmt/docs/config/${kind.name}`;
  if (before !== undefined) {
    return success({ ...links(self, doc), [name]: "Configuration was updated." });
  }
  const document = {
    _links: { self: { href: path }, doc: { href: doc }, location: { href: self } },
    [name]: "Configuration was created.",
  };
  return { ...success(document, 201), headers: { Location: self } };
}

async function deleteObject(
  { instance, domain, kind, request }: Writing,
  name: string,
): Promise<RestAnswer> {
  const object = findObject(domain, kind, name);
  if (object === undefined) return notFound(request.path);
  await apply(instance, { domain: domain.name, kind: kind.name, name: object.name }, request);
  const self = href("config", domain.name, kind.name, name);
  const doc = `/mgmt/docs/config/${kind.name}`;
  return success({ ...links(self, doc), [name]: "Configuration was deleted." });
}

async function apply(
  instance: ManagedInstance,
  change: ObjectChange,
  { account }: RestRequest,
): Promise<void> {
  const verb = change.object === undefined ? "deleted" : "changed";
  const text = `${change.kind} "${change.name}" ${verb} in memory by ${account.name}: this is drift, and gone at the next start`;
  const { domain } = change;
  instance.log({ domain, code: "8100003f", category: "audit", priority: "warn", text });
  await instance.change!([change]);
}

function findObject(domain: ConfigDomain, kind: Kind, name: string): ConfigObject | undefined {
  for (const object of domain.objects.values()) {
    if (object.kind === kind.name && restName(object) === name) return object;
  }
  return undefined;
}

function isName(name: string): boolean {
  return name.length <= longestName && /^[\w.-]+$/.test(name) && !name.startsWith(".");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
