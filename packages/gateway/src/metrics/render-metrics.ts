import { AggregatorRegistry, type MetricObject } from "prom-client";
import { backendResults, latencyBounds, type ServiceCounts } from "../serve/meter.ts";
import type { InstanceCounts } from "../serve/process-counts.ts";

/** What is measured besides the counts. */
export interface Measured {
  readonly counts: InstanceCounts;
  readonly services: readonly {
    readonly domain: string;
    readonly name: string;
    readonly state: string;
  }[];
  readonly ready: boolean;
  /** Differences from the files, by domain. */
  readonly drift: ReadonlyMap<string, number>;
  /** Events of the log that were dropped, over all processes. */
  readonly logDropped: number;
  readonly startedAt: Date;
  readonly version: string;
}

type Labels = Readonly<Record<string, string | number>>;

interface Sample {
  readonly value: number;
  readonly labels: Labels;
  readonly metricName?: string;
}

/** All metrics in the text format of Prometheus. */
export function renderMetrics(measured: Measured): Promise<string> {
  const metrics = metricsOf(measured).map(({ name, help, type, values }) => ({
    name: `lithify_gateway_${name}`,
    help,
    type,
    values: values.map(({ metricName, ...sample }) => ({
      ...sample,
      ...(metricName === undefined ? {} : { metricName: `lithify_gateway_${metricName}` }),
    })),
    aggregator: "sum",
  }));
  return AggregatorRegistry.aggregate([metrics as unknown as MetricObject[]]).metrics();
}

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly values: readonly Sample[];
}

function metricsOf(measured: Measured): readonly Metric[] {
  const { counts, drift, ready, startedAt, version, logDropped } = measured;
  const { services } = counts;
  return [
    {
      name: "requests_total",
      help: "Answers by service and class of their status",
      type: "counter",
      values: services.flatMap((each) =>
        each.classes.map((value, digit) => ({
          value,
          labels: { ...labelsOf(each), code: digit === 0 ? "other" : `${digit}xx` },
        })),
      ),
    },
    {
      name: "request_duration_seconds",
      help: "From the head of a request to its answer",
      type: "histogram",
      values: services.flatMap(durations),
    },
    gauge(
      "requests_in_flight",
      "Requests whose answer is being made",
      services.map((each) => ({
        value: each.inFlight,
        labels: labelsOf(each),
      })),
    ),
    {
      name: "backend_results_total",
      help: "What became of messages to backends",
      type: "counter",
      values: services.flatMap((each) =>
        each.backend.map((value, at) => ({
          value,
          labels: { ...labelsOf(each), result: backendResults[at]!.replace(" ", "_") },
        })),
      ),
    },
    gauge(
      "service_up",
      "1 for a service that is up, 0 for one that is down",
      measured.services
        .filter(({ state }) => state !== "disabled")
        .map(({ domain, name, state }) => ({
          value: state === "up" ? 1 : 0,
          labels: { domain, service: name },
        })),
    ),
    gauge("ready", "1 while every enabled service is up", [plain(ready ? 1 : 0)]),
    counter("script_stops_total", "Scripts stopped because they computed for too long", [
      plain(counts.scriptStops),
    ]),
    counter(
      "refused_total",
      "Requests that a front side handler refused before any rule",
      refusals(counts),
    ),
    counter("connections_total", "Connections of clients accepted", [
      plain(sum(counts.processes.map((each) => each.connections.accepted))),
    ]),
    gauge("connections", "Connections of clients that are open", [
      plain(sum(counts.processes.map((each) => each.connections.open))),
    ]),
    counter("worker_restarts_total", "Workers that had to be started again", [
      plain(counts.restarts),
    ]),
    gauge("processes", "Processes that serve", [plain(counts.processes.length)]),
    ...perProcess(counts),
    counter("log_dropped_total", "Events of the log dropped because a sink was slow", [
      plain(logDropped),
    ]),
    gauge(
      "drift",
      "Differences between what is served and what the files say",
      [...drift].map(([domain, value]) => ({ value, labels: { domain } })),
    ),
    gauge("start_time_seconds", "When it was started, in seconds since 1970", [
      plain(startedAt.getTime() / 1000),
    ]),
    gauge("info", "Its version", [{ value: 1, labels: { version } }]),
  ];
}

function refusals({ processes }: InstanceCounts): readonly Sample[] {
  const totals = new Map<string, number>();
  for (const { refused } of processes) {
    for (const [why, count] of Object.entries(refused)) {
      totals.set(why, (totals.get(why) ?? 0) + count);
    }
  }
  return [...totals].map(([why, value]) => ({ value, labels: { why } }));
}

function perProcess({ processes }: InstanceCounts): readonly Metric[] {
  const samples = (value: (one: (typeof processes)[number]) => number): readonly Sample[] =>
    processes.map((one) => ({ value: value(one), labels: { pid: one.pid } }));
  return [
    gauge(
      "resident_memory_bytes",
      "Memory of a process",
      samples(({ resident }) => resident),
    ),
    gauge(
      "heap_used_bytes",
      "Heap in use of a process",
      samples(({ heap }) => heap),
    ),
    counter(
      "cpu_seconds_total",
      "Processor time of a process",
      samples(({ cpu }) => cpu),
    ),
    gauge(
      "event_loop_lag_mean_seconds",
      "Delay of a process's event loop since the last look, mean",
      samples(({ lag }) => lag.mean),
    ),
    gauge(
      "event_loop_lag_p99_seconds",
      "The same, 99th percentile",
      samples(({ lag }) => lag.p99),
    ),
    gauge(
      "event_loop_lag_max_seconds",
      "The same, greatest",
      samples(({ lag }) => lag.max),
    ),
  ];
}

/** Buckets count everything up to their bound. */
function durations(counts: ServiceCounts): readonly Sample[] {
  const labels = labelsOf(counts);
  const samples: Sample[] = [];
  let seen = 0;
  for (const [at, count] of counts.latencies.entries()) {
    seen += count;
    const le = latencyBounds[at] ?? "+Inf";
    const metricName = "request_duration_seconds_bucket";
    samples.push({ value: seen, labels: { le, ...labels }, metricName });
  }
  return [
    ...samples,
    { value: counts.seconds, labels, metricName: "request_duration_seconds_sum" },
    { value: seen, labels, metricName: "request_duration_seconds_count" },
  ];
}

function labelsOf({ domain, service }: ServiceCounts): Labels {
  return { domain, service };
}

function gauge(name: string, help: string, values: readonly Sample[]): Metric {
  return { name, help, type: "gauge", values };
}

function counter(name: string, help: string, values: readonly Sample[]): Metric {
  return { name, help, type: "counter", values };
}

function plain(value: number): Sample {
  return { value, labels: {} };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
