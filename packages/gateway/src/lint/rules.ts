import type { ConfigDomain, ConfigObject, Configuration, Origin } from "../config/model.ts";
import { effectiveValues, type Value } from "../config/values.ts";
import type { Usage } from "./unused.ts";

export type Severity = "error" | "warning" | "note";

/** What a rule looks at: one object with its values, in its domain. */
export interface RuleSubject {
  readonly configuration: Configuration;
  readonly domain: ConfigDomain;
  readonly object: ConfigObject;
  readonly usage: Usage;
  /** Properties with defaults applied. */
  values(): ReadonlyMap<string, Value>;
  /** Where a property is set; the object itself when nothing sets it. */
  place(property: string): Origin;
}

/** What a rule found, with its place. */
export interface Found {
  readonly origin: Origin;
  readonly message: string;
}

/** One rule: `docs/gateway-rules.md` has a section with its code. */
export interface LintRule {
  readonly code: string;
  readonly severity: Severity;
  /** Kinds that it looks at; undefined for all. */
  readonly kinds?: ReadonlySet<string>;
  check(subject: RuleSubject): readonly Found[];
}

/** A subject for an object. */
export function subjectOf(
  configuration: Configuration,
  domain: ConfigDomain,
  object: ConfigObject,
  usage: Usage,
): RuleSubject {
  let values: ReadonlyMap<string, Value> | undefined;
  return {
    configuration,
    domain,
    object,
    usage,
    values() {
      values ??= effectiveValues(object);
      return values;
    },
    place(property) {
      return object.lines.findLast(({ name }) => name === property)?.origin ?? object.origin;
    },
  };
}
