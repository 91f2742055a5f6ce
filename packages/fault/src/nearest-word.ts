/**
 * The candidate that a misspelt word most likely meant; undefined when none is near enough.
 * Counts letters missing, added, changed and swapped with their neighbour, whatever their case.
 */
export function nearestWord(word: string, candidates: readonly string[]): string | undefined {
  const limit = word.length < 4 ? 1 : Math.max(2, Math.floor(word.length / 3));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    const distance = distanceBetween(cut(word), cut(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `did you mean X?` for a hint; undefined when no candidate is near. */
export function suggestion(word: string, candidates: readonly string[]): string | undefined {
  const found = nearestWord(word, candidates);
  return found === undefined ? undefined : `did you mean ${found}?`;
}

/** Words come from the user: the comparison is quadratic in their length. */
function cut(word: string): string {
  return word.slice(0, 64).toLowerCase();
}

/** Damerau-Levenshtein distance, optimal string alignment. */
function distanceBetween(from: string, to: string): number {
  let before: readonly number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const swap = swapped ? (before[j - 2] ?? 0) + 1 : change;
      next.push(Math.min(change, swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[to.length] ?? 0;
}
