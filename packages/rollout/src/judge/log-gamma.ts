const tableSize = 1024;
const factorialTable = buildTable();

/** ln Γ(x) for x > 0, to about 1e-13 relative: recurrence up to 15, then Stirling's series. */
export function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  while (z < 15) {
    shift += Math.log(z);
    z += 1;
  }
  const r = 1 / (z * z);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r / 1680))) / z;
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

/** ln n! for a whole n ≥ 0. */
export function logFactorial(n: number): number {
  return n < tableSize ? (factorialTable[n] ?? Number.NaN) : logGamma(n + 1);
}

/** ln of the binomial coefficient; -Infinity outside 0 ≤ k ≤ n. */
export function logChoose(n: number, k: number): number {
  if (k < 0 || k > n) return Number.NEGATIVE_INFINITY;
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

/** ln Σ exp(vᵢ) without overflow; -Infinity for an empty list. */
export function logSumExp(values: readonly number[]): number {
  const top = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (top === Number.NEGATIVE_INFINITY) return top;
  return top + Math.log(values.reduce((sum, v) => sum + Math.exp(v - top), 0));
}

function buildTable(): Float64Array {
  const table = new Float64Array(tableSize);
  let sum = 0;
  let lost = 0;
  for (let n = 1; n < tableSize; n++) {
    // Neumaier's summation keeps the last digits that a plain sum loses.
    const term = Math.log(n);
    const next = sum + term;
    lost += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
    sum = next;
    table[n] = sum + lost;
  }
  return table;
}
