/** The two rates of Wald's sequential test against an absolute objective, which needs no other side. */
export interface WaldRates {
  /** The rate that is promised. */
  readonly good: number;
  /** The rate that is to be found out. */
  readonly bad: number;
}

/** alpha: chance of calling a good canary harmful; beta: of calling a bad one safe. */
export interface WaldErrors {
  readonly alpha: number;
  readonly beta: number;
}

/** What `events` among `units` more add to ln of the likelihood ratio of bad to good. */
export function waldStep(test: WaldRates, units: number, events: number): number {
  return (
    events * (Math.log(test.bad) - Math.log(test.good)) +
    (units - events) * (Math.log1p(-test.bad) - Math.log1p(-test.good))
  );
}

/** Bounds for ln of the likelihood ratio: at or above `harmful`, at or below `safe` (Wald 1945). */
export function waldBounds(test: WaldErrors): { readonly harmful: number; readonly safe: number } {
  return {
    harmful: Math.log((1 - test.beta) / test.alpha),
    safe: Math.log(test.beta / (1 - test.alpha)),
  };
}

/** How many units without one event exclude a rate of `rate`, at `beta`: ln β / ln(1−p). */
export function zeroEventUnits(rate: number, beta: number): number {
  return Math.ceil(Math.log(beta) / Math.log1p(-rate));
}
