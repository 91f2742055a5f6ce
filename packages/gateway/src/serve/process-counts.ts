import { monitorEventLoopDelay } from "node:perf_hooks";
import type { GatewayCounts, ServiceCounts } from "./meter.ts";

/** One process of a gateway. */
export interface ProcessCounts extends GatewayCounts {
  readonly pid: number;
  /** Bytes in memory. */
  readonly resident: number;
  readonly heap: number;
  /** Seconds of processor time, user and system, since its start. */
  readonly cpu: number;
  /** Delay of the event loop beyond its clock's tick since the last look, in seconds. */
  readonly lag: { readonly mean: number; readonly p99: number; readonly max: number };
  readonly logDropped: number;
}

/** All processes of a gateway, and their sums. */
export interface InstanceCounts {
  readonly processes: readonly ProcessCounts[];
  readonly services: readonly ServiceCounts[];
  readonly scriptStops: number;
  /** Events of the log that processes below the one that asks have dropped. */
  readonly logDropped: number;
  /** Workers that had to be started again. */
  readonly restarts: number;
}

/** The clock that the delay is measured with ticks so often, in milliseconds. */
const resolution = 20;
const delay = monitorEventLoopDelay({ resolution });
delay.enable();

/** The counts of this process. */
export function processCounts(counts: GatewayCounts, logDropped: number): ProcessCounts {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const beyond = (nanoseconds: number): number =>
    Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9 - resolution / 1000) : 0;
  const lag = {
    mean: beyond(delay.mean),
    p99: beyond(delay.percentile(99)),
    max: delay.count === 0 ? 0 : beyond(delay.max),
  };
  delay.reset();
  const cpu = (user + system) / 1e6;
  return { ...counts, pid: process.pid, resident: rss, heap: heapUsed, cpu, lag, logDropped };
}

/** The sums over all processes; services in the order in which they are first met. */
export function sumOf(processes: readonly ProcessCounts[], restarts: number): InstanceCounts {
  const services = new Map<string, ServiceCounts>();
  for (const each of processes.flatMap((one) => one.services)) {
    const key = `${each.domain}/${each.service}`;
    const before = services.get(key);
    services.set(key, before === undefined ? each : added(before, each));
  }
  const scriptStops = processes.reduce((sum, each) => sum + each.scriptStops, 0);
  const logDropped = processes.reduce((sum, each) => sum + each.logDropped, 0);
  return { processes, services: [...services.values()], scriptStops, logDropped, restarts };
}

function added(one: ServiceCounts, other: ServiceCounts): ServiceCounts {
  const sums = (left: readonly number[], right: readonly number[]): number[] =>
    left.map((value, at) => value + (right[at] ?? 0));
  return {
    ...one,
    inFlight: one.inFlight + other.inFlight,
    classes: sums(one.classes, other.classes),
    latencies: sums(one.latencies, other.latencies),
    seconds: one.seconds + other.seconds,
    backend: sums(one.backend, other.backend),
    recent: sums(one.recent, other.recent),
  };
}
