import type { Block, SideCounts } from "../seams.ts";
import type { Route } from "./unit.ts";

/** How one request ended. */
export interface Outcome {
  readonly failed: boolean;
  /** Until the first byte of the answer; absent when there was none. */
  readonly milliseconds?: number;
}

/** Counts requests and users by side, in bounded memory. */
export interface Counter {
  /** A request has been routed. */
  arrive(route: Route): void;
  /** It has ended; a request that its client gave up before the answer is not reported. */
  end(route: Route, outcome: Outcome): void;
  /** Leaves users that have come since the last block out of the sample-ratio check: their weight is unclear. */
  weightChanged(): void;
  takeBlock(): Block;
  /** Users that were not remembered because the memory is full. */
  readonly forgotten: number;
}

/** Users remembered in a rollout. */
export const rememberedUnits = 1_000_000;
/** Users counted on one side in one block. */
export const unitsInBlock = 200_000;
/** Blocks without an event after which a user's next event counts as a new one. */
export const cleanBlocks = 10;

export function newCounter(thresholds: readonly number[], remembers: boolean): Counter {
  // Value: the block of the last event for errors and each threshold; undefined: never one.
  const known = new Map<number, number[] | undefined>();
  let sides = { stable: newSide(), canary: newSide() };
  let block = 0;
  let forgotten = 0;
  const remember = (unit: number): boolean => {
    if (known.has(unit)) return false;
    if (known.size < rememberedUnits) {
      known.set(unit, undefined);
      return true;
    }
    forgotten += 1;
    return false;
  };
  return {
    arrive: ({ unit, side, returning }) => {
      if (unit === undefined || !returning) return;
      if (!remembers || remember(unit)) sides[side].newUnits += 1;
    },
    end: ({ unit, side }, outcome) => {
      const counts = sides[side];
      counts.requests += 1;
      if (outcome.failed) counts.errors += 1;
      if (unit === undefined) return;
      const before = counts.units.get(unit);
      if (before === undefined && counts.units.size >= unitsInBlock) {
        forgotten += 1;
        return;
      }
      counts.units.set(unit, (before ?? 0) | eventsOf(outcome, thresholds));
    },
    weightChanged: () => {
      sides.stable.newUnits = 0;
      sides.canary.newUnits = 0;
    },
    takeBlock: () => {
      const taken = sides;
      sides = { stable: newSide(), canary: newSide() };
      block += 1;
      const counts = {
        stable: countsOf(taken.stable, known, block, thresholds.length),
        canary: countsOf(taken.canary, known, block, thresholds.length),
      };
      if (remembers) {
        rememberEvents(taken.stable, known, block, thresholds.length);
        rememberEvents(taken.canary, known, block, thresholds.length);
      }
      return counts;
    },
    get forgotten() {
      return forgotten;
    },
  };
}

interface OneSide {
  requests: number;
  errors: number;
  newUnits: number;
  /** Bit 0: an error; bit i + 1: slower than threshold i. */
  readonly units: Map<number, number>;
}

function newSide(): OneSide {
  return { requests: 0, errors: 0, newUnits: 0, units: new Map() };
}

function eventsOf(outcome: Outcome, thresholds: readonly number[]): number {
  const took = outcome.milliseconds;
  return thresholds.reduce(
    (bits, threshold, i) => (took !== undefined && took > threshold ? bits | (2 << i) : bits),
    outcome.failed ? 1 : 0,
  );
}

function countsOf(
  side: OneSide,
  known: ReadonlyMap<number, number[] | undefined>,
  block: number,
  thresholds: number,
): SideCounts {
  const series = Array.from({ length: thresholds + 1 }, () => ({ all: 0, units: 0, events: 0 }));
  for (const [unit, bits] of side.units) {
    const last = known.get(unit);
    series.forEach((one, i) => {
      const event = (bits >> i) & 1;
      one.all += event;
      if (block - (last?.[i] ?? Number.NEGATIVE_INFINITY) > cleanBlocks) {
        one.units += 1;
        one.events += event;
      }
    });
  }
  return {
    requests: side.requests,
    requestErrors: side.errors,
    units: side.units.size,
    unitErrors: series[0]?.all ?? 0,
    unitSlow: series.slice(1).map((one) => one.all),
    newUnits: side.newUnits,
    onsets: series.map(({ units, events }) => ({ units, events })),
  };
}

function rememberEvents(
  side: OneSide,
  known: Map<number, number[] | undefined>,
  block: number,
  thresholds: number,
): void {
  for (const [unit, bits] of side.units) {
    if (bits === 0 || !known.has(unit)) continue;
    const last = known.get(unit) ?? new Array(thresholds + 1).fill(Number.NEGATIVE_INFINITY);
    for (let i = 0; i <= thresholds; i++) if ((bits >> i) & 1) last[i] = block;
    known.set(unit, last);
  }
}
