import type { SlmStatement } from "../../plan/slm/slm-plan.ts";

/** Counts the messages of one value. Times are milliseconds of any clock that does not go back. */
export interface SlmCounter {
  /** Milliseconds until a message may pass: 0 when one may pass now. */
  wait(now: number): number;
  /** A message has passed; gives what has to be called when it has ended. */
  pass(now: number): (() => void) | undefined;
}

/** How many parts a moving interval has: it is exact to one of them. */
const slots = 100;

/** A counter for a statement. */
export function counterFor(statement: SlmStatement, now: number): SlmCounter {
  if (statement.interval === "concurrent") return concurrentCounter(statement);
  if (statement.algorithm === "token-bucket") return tokenBucket(statement, now);
  return statement.interval === "fixed"
    ? windowCounter(statement, statement.length, 1, now)
    : windowCounter(statement, statement.length / slots, slots, now);
}

function concurrentCounter({ level }: SlmStatement): SlmCounter {
  let inside = 0;
  return {
    wait: () => (inside < level ? 0 : 1),
    pass() {
      inside++;
      return () => {
        inside--;
      };
    },
  };
}

/** `level` tokens come in each interval, and at most `burst` wait; without one, `level`. */
function tokenBucket({ level, burst, length }: SlmStatement, start: number): SlmCounter {
  const most = burst || level;
  let tokens = most;
  let filled = start;
  const fill = (now: number): void => {
    tokens = Math.min(most, tokens + ((now - filled) * level) / length);
    filled = now;
  };
  return {
    wait(now) {
      fill(now);
      return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * length) / level);
    },
    pass(now) {
      fill(now);
      tokens = Math.max(0, tokens - 1);
      return undefined;
    },
  };
}

/** Messages of the last `parts` stretches of time; a fixed interval has one. */
function windowCounter(
  { level, release, algorithm }: SlmStatement,
  stretch: number,
  parts: number,
  start: number,
): SlmCounter {
  const counts = new Array<number>(parts).fill(0);
  let total = 0;
  let current = 0;
  let stopped = false;
  const advance = (now: number): void => {
    const next = Math.floor((now - start) / stretch);
    for (let steps = Math.min(next - current, parts); steps > 0; steps--) {
      const at = (next - steps + 1) % parts;
      total -= counts[at]!;
      counts[at] = 0;
    }
    current = next;
  };
  return {
    wait(now) {
      advance(now);
      // between the two levels it stays as it was
      if (algorithm === "high-low-thresholds")
        stopped = total >= level || (stopped && total > release);
      else stopped = total >= level;
      return stopped ? Math.ceil(start + (current + 1) * stretch - now) : 0;
    },
    pass(now) {
      advance(now);
      counts[current % parts]!++;
      total++;
      return undefined;
    },
  };
}
