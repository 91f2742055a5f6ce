import type { Option, Options } from "../command.ts";
import { numberOf, shareOf } from "../numbers.ts";

/** Options by which `rollout plan` and `rollout simulate` are told of the traffic. */
export const trafficOptions: readonly Option[] = [
  { flags: "--requests <perMinute>", about: "requests a minute, both sides together (60)" },
  { flags: "--errors <share>", about: "share of requests that fail on stable, 0.5% (0.5%)" },
  { flags: "--seed <number>", about: "for a run that can be repeated (1)" },
];

export interface TrafficFacts {
  readonly requestsPerMinute: number;
  readonly stableErrors: number;
  readonly seed: number;
}

/** @throws Fault USAGE */
export function trafficOf(options: Options): TrafficFacts {
  return {
    requestsPerMinute: numberOf(options, "requests", "60", 0.001, 1e7),
    stableErrors: shareOf(options, "errors", "0.5%"),
    seed: numberOf(options, "seed", "1", 0, 0xffff_ffff),
  };
}
