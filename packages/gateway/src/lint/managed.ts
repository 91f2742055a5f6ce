import type { ConfigObject, Configuration } from "../config/model.ts";
import { planLogTargets } from "../log/plan-log-targets.ts";

/** Kinds that are served beside the services: by management, by the log, by what resolves names. */
const kinds: ReadonlySet<string> = new Set([
  "DNSNameService",
  "Domain",
  "HostAlias",
  "LogLabel",
  "LogTarget",
  "RestMgmtInterface",
  "User",
  "WebGUI",
]);

/** What is served beside the services, and of that what is not, with the reason. */
export interface Managed {
  readonly served: ReadonlySet<ConfigObject>;
  readonly unserved: ReadonlyMap<ConfigObject, string>;
}

/** Looks at users, log targets and management interfaces as the gateway does when it starts. */
export function managedObjects(configuration: Configuration): Managed {
  const served = new Set<ConfigObject>();
  const unserved = new Map<ConfigObject, string>();
  const targets = planLogTargets(configuration);
  for (const domain of configuration.domains.values()) {
    for (const object of domain.objects.values()) {
      if (!kinds.has(object.kind) || !object.enabled) continue;
      const why = whyUnserved(object, targets);
      if (why === undefined) served.add(object);
      else unserved.set(object, why);
    }
  }
  return { served, unserved };
}

function whyUnserved(
  object: ConfigObject,
  targets: ReturnType<typeof planLogTargets>,
): string | undefined {
  const { kind, domain, name, lines } = object;
  if (kind === "LogTarget") {
    return targets.find((target) => target.domain === domain && target.name === name)?.unserved;
  }
  if (kind !== "User") return undefined;
  const level = lines.findLast((line) => line.name === "access-level")?.arguments[0];
  return level === "privileged" || level === "user"
    ? undefined
    : `the access level ${level ?? "group-defined"} lets nobody in`;
}
