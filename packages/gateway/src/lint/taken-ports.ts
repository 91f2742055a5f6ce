import type { Origin } from "../config/model.ts";
import type { PlannedService } from "../plan/service-plan.ts";

/** A listener that cannot have its port, because one before it does. */
export interface TakenPort {
  readonly domain: string;
  readonly object: string;
  readonly origin: Origin;
  readonly message: string;
}

const wildcards: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/** Listeners of services that would be served, of all domains, that want a port twice. */
export function takenPorts(services: readonly PlannedService[]): readonly TakenPort[] {
  const listeners = services.flatMap((service) =>
    service.state === "ready" ? service.plan.listeners : [],
  );
  return listeners.flatMap((listener, at) => {
    const { domain, alias, name, origin, address, port } = listener;
    const before = listeners
      .slice(0, at)
      .find((other) => other.port === port && meet(other.address, address));
    if (before === undefined) return [];
    const message = `port ${port} is that of ${before.alias} "${before.name}" of the domain ${before.domain} already`;
    return [{ domain, object: `${alias} "${name}"`, origin, message }];
  });
}

function meet(one: string, other: string): boolean {
  return one === other || wildcards.has(one) || wildcards.has(other);
}
