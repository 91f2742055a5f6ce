import type { BytePatches } from "./byte-patches.ts";
import { Unpatchable } from "./unpatchable.ts";

/** What a symbol is written as. */
export type Piece =
  | { readonly kind: "literal"; readonly byte: number }
  | { readonly kind: "match"; readonly length: number; readonly distance: number };

const shortestMatch = 3;

/**
 * What gives the bytes of this symbol as they are wanted, when those before them are as wanted already; undefined
 * where the symbol itself does. A literal has the distance 0.
 */
export function piecesOf(
  patches: BytePatches,
  place: number,
  symbol: { readonly length: number; readonly distance: number },
): readonly Piece[] | undefined {
  const { length, distance } = symbol;
  if (distance === 0) return [{ kind: "literal", byte: wantedAt(patches, place) }];
  const wrong = wrongBytes(patches, place, symbol);
  if (wrong.size === 0) return undefined;
  const pieces: Piece[] = [];
  for (let from = 0; from < length; ) {
    let to = from;
    while (to < length && !wrong.has(to)) to += 1;
    if (to - from >= shortestMatch) {
      pieces.push({ kind: "match", length: to - from, distance });
      from = to;
    } else {
      const end = Math.min(length, Math.max(to, from + 1));
      for (; from < end; from += 1) {
        pieces.push({
          kind: "literal",
          byte: wantedAt(patches, place + from, { place, distance }),
        });
      }
    }
  }
  return pieces;
}

/**
 * The bytes of a match that it would not give: the place changes, or the one that it takes from did, and not into the
 * same. Both were the same before.
 */
function wrongBytes(
  patches: BytePatches,
  place: number,
  { length, distance }: { readonly length: number; readonly distance: number },
): ReadonlySet<number> {
  const wrong = new Set<number>();
  const source = place - distance;
  for (const change of patches.changes(source, source + length)) wrong.add(change.place - source);
  for (const { place: at, after } of patches.changes(place, place + length)) {
    const taken = wrong.has(at - place) ? patches.at(at - distance)?.after : undefined;
    if (taken === after) wrong.delete(at - place);
    else wrong.add(at - place);
  }
  return wrong;
}

/**
 * A byte that has to be written: it changes, or it is near one that did, in its own place or where the match took it
 * from. A match that overlaps itself took it from a copy, which was taken from further back.
 */
function wantedAt(
  patches: BytePatches,
  place: number,
  match?: { readonly place: number; readonly distance: number },
): number {
  const own = patches.at(place);
  if (own !== undefined) return own.after;
  for (let at = place; match !== undefined && at >= match.place; ) {
    at -= match.distance;
    const known = patches.at(at);
    if (known !== undefined) return known.before;
  }
  throw new Unpatchable("a byte beside a change is not known");
}
