import type { ManagedInstance } from "./instance.ts";

/** The metrics of an instance as Prometheus reads them. What renders them is loaded when asked for. */
export async function measure(instance: ManagedInstance): Promise<string> {
  const { renderMetrics } = await import("../metrics/render-metrics.ts");
  const counts = await instance.counts();
  const { ready, services } = instance.health();
  const drift = new Map([...instance.domainNames()].map((name) => [name, 0]));
  for (const { domain } of instance.drift()) drift.set(domain, (drift.get(domain) ?? 0) + 1);
  const { startedAt, version } = instance;
  const logDropped = instance.logs.dropped + counts.logDropped;
  return renderMetrics({ counts, services, ready, drift, logDropped, startedAt, version });
}
