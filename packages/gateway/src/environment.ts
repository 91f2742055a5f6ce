import { availableParallelism } from "node:os";
import { type Priority, priorities } from "./log.ts";

const accessFormats = ["off", "common", "combined", "json"] as const;

/** How the access log is written. */
export type AccessFormat = (typeof accessFormats)[number];

/** What the container's environment asks for. */
export interface GatewayEnvironment {
  readonly root: string;
  readonly healthPort: number;
  readonly logLevel: Priority;
  readonly logColor: boolean;
  readonly workerThreads: number;
  readonly scriptLimit: number;
  readonly drainDeadline: number;
  /** How long, in ms, new requests are still taken after SIGTERM, while it is not ready any more. */
  readonly drainDelay: number;
  /** `memory` lets management change objects of the running model. */
  readonly changes: "none" | "memory";
  readonly logFormat: "text" | "json";
  /** Lines alike that are written in ten seconds; 0 is no limit. */
  readonly logRepeats: number;
  readonly accessLog: AccessFormat;
  /** One sentence for each variable that is not known or whose value is not. */
  readonly warnings: readonly string[];
}

/** Variables of the product that are accepted and need nothing here. */
const acceptedWithoutEffect: ReadonlySet<string> = new Set([
  "DATAPOWER_ACCEPT_LICENSE",
  "DATAPOWER_INTERACTIVE",
  "DATAPOWER_FAST_STARTUP",
  "DATAPOWER_LOG_STDOUT",
]);

const known: readonly string[] = [
  ...acceptedWithoutEffect,
  "DATAPOWER_WORKER_THREADS",
  "DATAPOWER_LOG_LEVEL",
  "DATAPOWER_LOG_COLOR",
  "GATEWAY_ROOT",
  "GATEWAY_HEALTH_PORT",
  "GATEWAY_SCRIPT_LIMIT",
  "GATEWAY_DRAIN_DEADLINE",
  "GATEWAY_DRAIN_DELAY",
  "GATEWAY_CHANGES",
  "GATEWAY_LOG_FORMAT",
  "GATEWAY_LOG_REPEATS",
  "GATEWAY_ACCESS_LOG",
  "GATEWAY_WORKER",
];

/**
 * Reads the environment. `DATAPOWER_LOG_LEVEL` is a number, 0 (emerg) to 7 (debug); ours begin with
 * `GATEWAY_`. Nothing throws: what is wrong is warned of and takes its default.
 */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): GatewayEnvironment {
  const warnings: string[] = [];
  const number = (name: string, otherwise: number, least: number, most: number): number => {
    const text = env[name];
    if (text === undefined || text === "") return otherwise;
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    warnings.push(`${name}=${text} is not a number from ${least} to ${most}: ${otherwise} is used`);
    return otherwise;
  };
  const choice = <Choice extends string>(
    name: string,
    choices: readonly [Choice, ...Choice[]],
  ): Choice => {
    const text = env[name];
    if (text === undefined || text === "") return choices[0];
    const chosen = choices.find((each) => each === text.toLowerCase());
    if (chosen !== undefined) return chosen;
    warnings.push(`${name}=${text} is none of ${choices.join(", ")}: ${choices[0]} is used`);
    return choices[0];
  };
  for (const name of Object.keys(env)) {
    const isOurs = /^(?:DATAPOWER|GATEWAY)_/.test(name) && !name.startsWith("GATEWAY_PASSWORD");
    if (isOurs && !known.includes(name)) warnings.push(unknownText(name));
  }
  return {
    root: env.GATEWAY_ROOT || "/drouter",
    healthPort: number("GATEWAY_HEALTH_PORT", 7879, 0, 65535),
    logLevel: priorities[number("DATAPOWER_LOG_LEVEL", 6, 0, 7)]!,
    logColor: /^(?:true|1|on)$/i.test(env.DATAPOWER_LOG_COLOR ?? "") && env.NO_COLOR === undefined,
    workerThreads: number("DATAPOWER_WORKER_THREADS", availableParallelism(), 1, 1024),
    scriptLimit: number("GATEWAY_SCRIPT_LIMIT", 2000, 10, 3_600_000),
    drainDeadline: number("GATEWAY_DRAIN_DEADLINE", 10_000, 0, 3_600_000),
    drainDelay: number("GATEWAY_DRAIN_DELAY", 0, 0, 3_600_000),
    changes: choice("GATEWAY_CHANGES", ["none", "memory"]),
    logFormat: choice("GATEWAY_LOG_FORMAT", ["text", "json"]),
    logRepeats: number("GATEWAY_LOG_REPEATS", 20, 0, 1_000_000),
    accessLog: choice("GATEWAY_ACCESS_LOG", accessFormats),
    warnings,
  };
}

function unknownText(name: string): string {
  const near = known.find((candidate) => distance(candidate, name) <= 3);
  const meant = near === undefined ? "" : `; is ${near} meant?`;
  return `${name} is not a variable of this gateway and is ignored${meant}`;
}

/** Levenshtein distance. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const change = row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[right.length]!;
}
