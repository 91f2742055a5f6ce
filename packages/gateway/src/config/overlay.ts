import { type ConfigDomain, type ConfigObject, type Configuration, objectKey } from "./model.ts";

/** One object put in place of what the files say, or taken out (`object` undefined). */
export interface ObjectChange {
  readonly domain: string;
  readonly kind: string;
  readonly name: string;
  readonly object?: ConfigObject;
}

/**
 * The configuration with these changes in it. A domain that a change adds begins empty; one that a
 * change takes out goes with all its objects. Domains without a change stay the same value.
 */
export function withChanges(
  configuration: Configuration,
  changes: readonly ObjectChange[],
): Configuration {
  const domains = new Map(configuration.domains);
  for (const { domain, kind, name, object } of changes) {
    const before = domains.get(domain);
    if (before === undefined) continue;
    const objects = new Map(before.objects);
    const key = objectKey(kind, name);
    if (object === undefined) objects.delete(key);
    else objects.set(key, object);
    domains.set(domain, { ...before, objects });
    if (kind !== "Domain" || domain !== "default" || name === "default") continue;
    if (object === undefined) domains.delete(name);
    else if (!domains.has(name)) domains.set(name, emptyDomain(name));
  }
  return { ...configuration, domains };
}

function emptyDomain(name: string): ConfigDomain {
  return { name, files: [], objects: new Map(), skipped: [], whole: true };
}
