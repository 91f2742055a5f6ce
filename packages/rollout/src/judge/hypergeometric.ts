import { logChoose } from "./log-gamma.ts";

/** One two-by-two table: units on both sides, and how many of them had the event. */
export interface Table {
  readonly canaryUnits: number;
  readonly stableUnits: number;
  readonly canaryEvents: number;
  readonly stableEvents: number;
}

/**
 * ln of P_over(x | m) / P_under(x | m): how much likelier the table is under one odds ratio than under
 * another, by Fisher's non-central hypergeometric law with both margins given. 0 when the margins
 * leave only one table.
 */
export function logLikelihoodRatio(table: Table, over: number, under: number): number {
  const support = supportOf(table);
  if (support.from === support.to) return 0;
  return (
    table.canaryEvents * (Math.log(over) - Math.log(under)) -
    logNormaliser(support, over) +
    logNormaliser(support, under)
  );
}

interface Support {
  readonly canary: number;
  readonly stable: number;
  readonly events: number;
  readonly from: number;
  readonly to: number;
}

function supportOf(table: Table): Support {
  const events = table.canaryEvents + table.stableEvents;
  return {
    canary: table.canaryUnits,
    stable: table.stableUnits,
    events,
    from: Math.max(0, events - table.stableUnits),
    to: Math.min(events, table.canaryUnits),
  };
}

/** ln Σᵤ C(N_c,u)·C(N_b,m−u)·ψᵘ, summed outward from the mode until terms no longer count. */
function logNormaliser(s: Support, psi: number): number {
  // Vandermonde: with ψ = 1 the sum is one binomial coefficient.
  if (psi === 1) return logChoose(s.canary + s.stable, s.events);
  const mode = modeOf(s, psi);
  let sum = 1;
  let term = 1;
  for (let u = mode; u < s.to && term > 1e-18 * sum; u++) {
    term *= stepUp(s, psi, u);
    sum += term;
  }
  term = 1;
  for (let u = mode; u > s.from && term > 1e-18 * sum; u--) {
    term /= stepUp(s, psi, u - 1);
    sum += term;
  }
  return (
    logChoose(s.canary, mode) +
    logChoose(s.stable, s.events - mode) +
    mode * Math.log(psi) +
    Math.log(sum)
  );
}

/** The first u whose next term is no greater; terms rise before it and fall after it (log-concave). */
function modeOf(s: Support, psi: number): number {
  let low = s.from;
  let high = s.to;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (stepUp(s, psi, middle) <= 1) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Term u+1 divided by term u. */
function stepUp(s: Support, psi: number, u: number): number {
  return (((s.canary - u) * (s.events - u)) / ((u + 1) * (s.stable - s.events + u + 1))) * psi;
}
