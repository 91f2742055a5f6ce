import { kindNamed } from "../../catalogue.ts";
import { isBoilerplate } from "../../compare/boilerplate.ts";
import { labelOf } from "../../compare/compare-configurations.ts";
import type { ConfigDomain, ConfigObject } from "../../config/model.ts";
import type { ManagedInstance } from "../instance.ts";
import { stateOf } from "../object-state.ts";
import { objectForm, restName } from "./object-form.ts";
import {
  href,
  links,
  notFound,
  oneOrMany,
  type RestAnswer,
  type RestRequest,
  success,
} from "./rest-answer.ts";

/** Deepest expansion of references, and most objects in it. */
const deepestView = 8;
const mostExpanded = 2000;

/** `GET /mgmt/config/{domain}/{class}[/{name}[/{property}]]`. */
export function readConfig(instance: ManagedInstance, request: RestRequest): RestAnswer {
  const [, domainName = "", className = "", name, property, ...more] = request.segments;
  const domain = instance.configuration().domains.get(domainName);
  if (domain === undefined || more.length > 0) return notFound(request.path);
  if (kindNamed(className) === undefined) return notFound(request.path);
  const view = new View(instance, domain, request.query);
  const objects = [...domain.objects.values()].filter(({ kind }) => kind === className);
  const self = href("config", domainName, className, ...(name === undefined ? [] : [name]));
  const doc = `/mgmt/docs/config/${className}`;
  if (name === undefined) {
    const shown = oneOrMany(objects.map((object) => view.form(object, true)));
    return success({
      ...links(self, doc),
      ...(shown === undefined ? { result: "No configuration retrieved." } : { [className]: shown }),
    });
  }
  const object = objects.find((each) => restName(each) === name);
  if (object === undefined) return notFound(request.path);
  if (property === undefined) {
    return success({ ...links(self, doc), [className]: view.form(object, false) });
  }
  const form = objectForm(object, domain);
  if (!Object.hasOwn(form, property)) return notFound(request.path);
  return success({
    ...links(`${self}/${encodeURIComponent(property)}`, `${doc}/${property}`),
    [property]: form[property],
  });
}

/** `GET /mgmt/domains/config/`. */
export function readDomains(instance: ManagedInstance, request: RestRequest): RestAnswer {
  const domains = [...instance.configuration().domains.keys()]
    .filter((name) => request.account.domains?.has(name) !== false)
    .map((name) => ({ name, href: href("config", "default", "Domain", name) }));
  return success({ ...links("/mgmt/domains/config/"), domain: oneOrMany(domains) });
}

/** How objects are shown: what the query asks for besides their properties. */
class View {
  readonly #instance: ManagedInstance;
  readonly #domain: ConfigDomain;
  readonly #withState: boolean;
  readonly #depth: number;
  #expanded = 0;

  constructor(instance: ManagedInstance, domain: ConfigDomain, query: URLSearchParams) {
    this.#instance = instance;
    this.#domain = domain;
    this.#withState = query.get("state") === "1";
    const depth = Number(query.get("depth") ?? "1");
    const isRecursive = query.get("view") === "recursive";
    this.#depth = isRecursive && depth > 0 ? Math.min(depth, deepestView) : 0;
  }

  form(object: ConfigObject, inList: boolean): Record<string, unknown> {
    const self = href("config", object.domain, object.kind, restName(object));
    const form = objectForm(object, this.#domain);
    const expanded = this.#expand(form, this.#depth, new Set([object])) as Record<string, unknown>;
    return {
      name: restName(object),
      ...(inList ? links(self, `/mgmt/docs/config/${object.kind}`) : {}),
      ...expanded,
      ...(this.#withState ? { state: this.#state(object) } : {}),
    };
  }

  /** References with what they refer to beside value and href. */
  #expand(value: unknown, depth: number, above: ReadonlySet<ConfigObject>): unknown {
    if (depth === 0 || typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((each) => this.#expand(each, depth, above));
    const entries = Object.entries(value as Record<string, unknown>);
    const reference = value as { readonly value?: unknown; readonly href?: unknown };
    if (typeof reference.href !== "string" || entries.length !== 2) {
      return Object.fromEntries(
        entries.map(([name, each]) => [name, this.#expand(each, depth, above)]),
      );
    }
    const [, , , kind = ""] = reference.href.slice(1).split("/");
    const target = this.#domain.objects.get(`${kind}/${String(reference.value)}`);
    if (target === undefined || above.has(target) || ++this.#expanded > mostExpanded) return value;
    const inner = this.#expand(
      objectForm(target, this.#domain),
      depth - 1,
      new Set([...above, target]),
    );
    return { ...reference, [kind]: { name: restName(target), ...(inner as object) } };
  }

  #state(object: ConfigObject): Record<string, string> {
    const { opState, eventCode, why } = stateOf(this.#instance, object);
    return {
      opstate: opState,
      adminstate: object.enabled ? "enabled" : "disabled",
      eventcode: eventCode,
      errorcode: why,
      configstate: isChanged(this.#instance, object) ? "modified" : "saved",
    };
  }
}

/** True for an object that is not as the files say. */
function isChanged(instance: ManagedInstance, object: ConfigObject): boolean {
  if (isBoilerplate(object, "content")) return false;
  const label = labelOf(object);
  return instance
    .drift()
    .some((each) => each.domain === object.domain && "object" in each && each.object === label);
}
