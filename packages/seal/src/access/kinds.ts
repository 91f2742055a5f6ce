import type { Kind, Kinds } from "@lithify/oci";

/** Numbers of the objects of every kind that fits, in tree order. `fits` is asked once for each kind. */
export function numbersLike(
  { kinds, kindOf }: Kinds,
  fits: (kind: Kind) => boolean,
): readonly number[] {
  const fitting = kinds.map(fits);
  const numbers: number[] = [];
  if (!fitting.includes(true)) return numbers;
  for (let number = 0; number < kindOf.length; number++) {
    if (fitting[kindOf[number] as number]) numbers.push(number);
  }
  return numbers;
}
