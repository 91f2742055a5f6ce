import { isRolloutName } from "./name.ts";
import {
  type Metric,
  type Plan,
  type SplitPlan,
  type Step,
  thresholdsOf,
  type UnitSource,
} from "./plan.ts";
import {
  duration,
  fields,
  invalid,
  isMapping,
  items,
  number,
  oneOf,
  type Reader,
  readYaml,
  share,
  text,
  wholeNumber,
} from "./reader.ts";

const minute = 60_000;

/** Latency thresholds of all metrics together. */
export const maxThresholds = 16;
export const maxSteps = 100;
export const maxAllowed = 10_000;

const planFields = [
  "name",
  "port",
  "stable",
  "canary",
  "listen",
  "instances",
  "split",
  "steps",
  "metrics",
  "alpha",
  "beta",
  "psiMax",
  "block",
  "deadline",
  "drain",
  "ready",
] as const;

/**
 * Reads a plan from YAML or JSON. `name`, `port`, `stable` and `canary` are enough.
 * @throws Fault PLAN_INVALID with line and column
 */
export function parsePlan(source: string, file: string): Plan {
  const root = readYaml(source, file);
  const given = fields(root, planFields);
  const need = (key: "name" | "port" | "stable" | "canary"): Reader => {
    const reader = given[key];
    if (reader === undefined) throw invalid(root, `\`${key}\` is missing`);
    return reader;
  };
  const name = nameOf(need("name"));
  const port = wholeNumber(need("port"), 1, 65_535);
  const canary = reference(need("canary"));
  const metrics = or(given.metrics, metricsOf, [
    { kind: "errors", name: "errors", tolerance: 0.01 },
  ]);
  return {
    name,
    stable: reference(need("stable")),
    canary,
    port,
    listen: or(given.listen, listenOf, { host: "127.0.0.1", port }),
    instances: or(given.instances, (r) => wholeNumber(r, 1, 64), 1),
    split: splitOf(given.split, `${name}/${canary}`),
    steps: or(given.steps, stepsOf, defaultSteps),
    metrics,
    alpha: or(given.alpha, errorShare, 0.05),
    beta: or(given.beta, errorShare, 0.05),
    psiMax: or(given.psiMax, psiMaxOf, 3),
    block: or(given.block, blockOf, minute),
    deadline: deadlineOf(given.deadline),
    drain: or(given.drain, duration, 30_000),
    ready: readyOf(given.ready),
  };
}

const defaultSteps: readonly Step[] = [
  { do: "setWeight", weight: 0.05 },
  { do: "observe", for: 10 * minute },
  { do: "setWeight", weight: 0.25 },
  { do: "observe", for: 10 * minute },
  { do: "setWeight", weight: 0.5 },
  { do: "analyse", atMost: 120 * minute },
];

function or<T>(reader: Reader | undefined, read: (reader: Reader) => T, otherwise: T): T {
  return reader === undefined ? otherwise : read(reader);
}

function nameOf(reader: Reader): string {
  const name = text(reader);
  if (isRolloutName(name)) return name;
  throw invalid(
    reader,
    `${name} is not a name`,
    "Lower-case letters, digits and hyphens, at most 63.",
  );
}

function reference(reader: Reader): string {
  const value = text(reader).trim();
  if (value !== "" && !/\s/.test(value)) return value;
  throw invalid(reader, "it must be an image reference");
}

function listenOf(reader: Reader): Plan["listen"] {
  const match = /^(?:(?:\[([0-9a-fA-F:]+)\]|([^:\s]*)):)?(\d{1,5})$/.exec(text(reader));
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw invalid(reader, "it must be an address and a port", "Write it as in `127.0.0.1:8080`.");
  }
  return { host: match[1] || match[2] || "127.0.0.1", port };
}

function splitOf(reader: Reader | undefined, salt: string): SplitPlan {
  const unit: UnitSource = { from: "own-cookie", name: "lithify-unit" };
  if (reader === undefined) return { unit, salt, allow: [] };
  const given = fields(reader, ["unit", "salt", "allow", "override"]);
  return {
    unit: or(given.unit, unitOf, unit),
    salt: or(given.salt, text, salt),
    allow: or(given.allow, (r) => items(r, maxAllowed).map(text), []),
    ...(given.override === undefined
      ? {}
      : { override: token(given.override, text(given.override)) }),
  };
}

const unitKinds = ["cookie", "header", "address", "own-cookie", "request"] as const;

function unitOf(reader: Reader): UnitSource {
  const [kind = "", name] = text(reader).split(":", 2);
  switch (kind) {
    case "cookie":
    case "header":
      if (name === undefined)
        throw invalid(reader, `it lacks a name`, `Write it as in \`${kind}:NAME\`.`);
      return { from: kind, name: token(reader, name) };
    case "own-cookie":
      return { from: kind, name: token(reader, name ?? "lithify-unit") };
    case "address":
    case "request":
      return { from: kind };
    default:
      throw invalid(reader, `${kind} makes no user`, `One of ${unitKinds.join(", ")}.`);
  }
}

/** A name of a header or cookie: a token of RFC 9110, 5.6.2. */
function token(reader: Reader, name: string): string {
  if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/.test(name)) return name;
  throw invalid(reader, `${name} is not a name of a header or cookie`);
}

function stepsOf(reader: Reader): readonly Step[] {
  const steps = items(reader, maxSteps).map(stepOf);
  if (steps.length === 0) throw invalid(reader, "it has no steps");
  return steps;
}

function stepOf(reader: Reader): Step {
  if (!isMapping(reader)) {
    oneOf(reader, ["pause"]);
    return { do: "pause" };
  }
  const given = fields(reader, ["setWeight", "observe", "analyse", "pause"]);
  if (Object.keys(given).length !== 1) throw invalid(reader, "a step does exactly one thing");
  if (given.setWeight !== undefined) return { do: "setWeight", weight: share(given.setWeight) };
  if (given.observe !== undefined) return { do: "observe", for: duration(given.observe) };
  if (given.analyse !== undefined) return { do: "analyse", atMost: atMostOf(given.analyse) };
  return { do: "pause" };
}

function atMostOf(reader: Reader): number {
  if (!isMapping(reader)) return duration(reader);
  return or(fields(reader, ["atMost"]).atMost, duration, 120 * minute);
}

function metricsOf(reader: Reader): readonly Metric[] {
  const metrics = items(reader, 3).map(metricOf);
  if (metrics.length === 0) throw invalid(reader, "it has no metrics");
  if (new Set(metrics.map((metric) => metric.kind)).size < metrics.length) {
    throw invalid(reader, "a kind of metric stands there twice");
  }
  if (thresholdsOf(metrics).length > maxThresholds) {
    throw invalid(reader, `it has more than ${maxThresholds} thresholds`);
  }
  return metrics;
}

function metricOf(reader: Reader): Metric {
  if (!isMapping(reader)) {
    oneOf(reader, ["errors"]);
    return { kind: "errors", name: "errors", tolerance: 0.01 };
  }
  const given = fields(reader, ["errors", "latency", "objective"]);
  if (Object.keys(given).length !== 1) throw invalid(reader, "a metric is exactly one thing");
  if (given.errors !== undefined) {
    const { tolerance } = fields(given.errors, ["tolerance"]);
    return { kind: "errors", name: "errors", tolerance: or(tolerance, innerShare, 0.01) };
  }
  if (given.latency !== undefined) {
    const { slowerThan, tolerance } = fields(given.latency, ["slowerThan", "tolerance"]);
    if (slowerThan === undefined) throw invalid(given.latency, "`slowerThan` is missing");
    const thresholds = items(slowerThan, maxThresholds).map(duration);
    if (thresholds.length === 0) throw invalid(slowerThan, "it has no thresholds");
    return {
      kind: "latency",
      name: "latency",
      slowerThan: thresholds,
      tolerance: or(tolerance, innerShare, 0.05),
    };
  }
  const objective = given.objective as Reader;
  const { atMost } = fields(objective, ["atMost"]);
  if (atMost === undefined) throw invalid(objective, "`atMost` is missing");
  return { kind: "objective", name: "objective", atMost: innerShare(atMost) };
}

/** More than nothing, less than all. */
function innerShare(reader: Reader): number {
  const value = share(reader);
  if (value > 0 && value < 1) return value;
  throw invalid(reader, "it must lie between 0% and 100%");
}

function errorShare(reader: Reader): number {
  const value = share(reader);
  if (value > 0 && value <= 0.5) return value;
  throw invalid(reader, "it must lie above 0% and be 50% at most");
}

function psiMaxOf(reader: Reader): number {
  const value = number(reader);
  if (value > 1 && value <= 1000) return value;
  throw invalid(reader, "it must be an odds ratio above 1, at most 1000");
}

function blockOf(reader: Reader): number {
  const value = duration(reader);
  if (value >= 100 && value <= 60 * minute) return value;
  throw invalid(reader, "it must lie between 100ms and 1h");
}

function deadlineOf(reader: Reader | undefined): Plan["deadline"] {
  const after = 120 * minute;
  if (reader === undefined) return { after, policy: "hold" };
  const given = fields(reader, ["after", "policy"]);
  return {
    after: or(given.after, duration, after),
    policy: or(given.policy, (r) => oneOf(r, ["hold", "rollback", "ask"]), "hold"),
  };
}

function readyOf(reader: Reader | undefined): Plan["ready"] {
  const timeout = minute;
  if (reader === undefined) return { path: "/", timeout };
  const given = fields(reader, ["path", "timeout"]);
  return {
    path: or(given.path, pathOf, "/"),
    timeout: or(given.timeout, duration, timeout),
  };
}

function pathOf(reader: Reader): string {
  const path = text(reader);
  if (/^\/[\x21-\x7e]*$/.test(path)) return path;
  throw invalid(reader, "it must be a path that begins with `/`");
}
