/** Numbers from 0 to below 1, the same for the same seed (mulberry32). For simulations only. */
export function seededRandom(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** How many of n trials succeed: leaps from success to success, so rare ones cost little. */
export function binomial(random: () => number, n: number, p: number): number {
  if (p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - binomial(random, n, 1 - p);
  const lnMiss = Math.log1p(-p);
  let successes = 0;
  let at = -1;
  for (;;) {
    at += 1 + Math.floor(Math.log1p(-random()) / lnMiss);
    if (at >= n) return successes;
    successes += 1;
  }
}

/** A Poisson count, by a fine binomial; exact enough for traffic. */
export function poisson(random: () => number, mean: number): number {
  const n = Math.max(1000, Math.ceil(mean * 20));
  return binomial(random, n, mean / n);
}
