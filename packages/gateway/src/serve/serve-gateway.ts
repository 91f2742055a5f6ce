import { Fault } from "@lithify/fault";
import { loadConfiguration } from "../config/load.ts";
import { type Configuration, objectKey } from "../config/model.ts";
import type { Log } from "../log.ts";
import type { GatewayOptions, ServedPort } from "./gateway-options.ts";
import { type Health, type HealthPage, openHealthPage } from "./health.ts";
import type { GatewayCounts } from "./meter.ts";
import { RunningServices } from "./running-services.ts";
import { healthOf } from "./service-status.ts";
import { logConfiguration } from "./startup-log.ts";

/** A gateway that runs. */
export interface Gateway {
  readonly ports: readonly ServedPort[];
  readonly healthPort: number | undefined;
  /** What is served now. */
  readonly configuration: Configuration;
  health(): Health;
  /** What was counted since the start. */
  counts(): GatewayCounts;
  /** Serves another configuration without losing a request; one call after the other. */
  apply(configuration: Configuration): Promise<void>;
  /** Is not ready from now on, and goes on serving: for what sends requests here to notice. */
  leave(): void;
  /** Stops accepting, finishes what is in flight, and ends; can be called again. */
  close(): Promise<void>;
}

/**
 * Loads the configuration below `root` and serves what can be served faithfully; what cannot stays
 * down, with its reasons in the log and in the health. Throws CONFIG_MISSING when there is no
 * configuration and PORT_UNAVAILABLE when the health port is taken.
 */
export async function serveGateway(options: GatewayOptions): Promise<Gateway> {
  const { root, log } = options;
  let configuration = options.configuration ?? loadConfiguration(root);
  const services = new RunningServices(options);
  let closing: Promise<void> | undefined;
  let started = false;
  let leaving = false;
  const health = (): Health =>
    healthOf(services.statuses, configuration, started && !leaving && closing === undefined);
  const page = await openPage(options, health);
  logConfiguration(configuration, log);
  await useZoneOf(configuration, log);
  await services.apply(configuration);
  started = true;
  reportNothingServed(services.ports, log);
  let applying: Promise<void> = Promise.resolve();
  const apply = (next: Configuration): Promise<void> => {
    const turn = applying.then(async () => {
      if (closing !== undefined) return;
      configuration = next;
      await useZoneOf(next, log);
      await services.apply(next);
    });
    // one that fails must not keep the next one from its turn
    applying = turn.catch(() => {});
    return turn;
  };
  const close = (): Promise<void> => {
    closing ??= (async () => {
      await applying;
      await services.close();
      await page?.close();
    })();
    return closing;
  };
  if (options.signal?.aborted === true) await close();
  else options.signal?.addEventListener("abort", () => void close(), { once: true });
  return {
    get ports() {
      return services.ports;
    },
    get configuration() {
      return configuration;
    },
    healthPort: page?.port,
    health,
    counts: () => services.counts(),
    apply,
    leave: () => {
      leaving = true;
    },
    close,
  };
}

/** Makes the default domain's `timezone` that of the process, where it has one. */
async function useZoneOf({ domains }: Configuration, log: Log): Promise<void> {
  const object = domains.get("default")?.objects.get(objectKey("TimeSettings", "timezone"));
  if (object?.enabled) (await import("./timezone.ts")).useTimezone(object, log);
}

function reportNothingServed(ports: readonly ServedPort[], log: Log): void {
  if (ports.length > 0) return;
  const text = "Nothing is served: no enabled service is up";
  log({ code: "0034000d", category: "mgmt", priority: "critic", text });
}

async function openPage(
  options: GatewayOptions,
  health: () => Health,
): Promise<HealthPage | undefined> {
  const { healthPort } = options;
  if (healthPort === undefined) return undefined;
  try {
    return await openHealthPage(healthPort, health, options.pages);
  } catch (cause) {
    throw new Fault("PORT_UNAVAILABLE", `cannot serve the health page on port ${healthPort}`, {
      why: (cause as Error).message,
      values: { port: healthPort },
      cause,
    });
  }
}
