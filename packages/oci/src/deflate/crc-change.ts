/** How the CRC-32 of a content changes when bytes of it do (the sum is linear: RFC 1952, 8, and zlib's crc32_combine). */
export class CrcChange {
  #sum = 0;
  #place: number;

  /** The content begins at this place. */
  constructor(place: number) {
    this.#place = place;
  }

  /** A byte at a place behind the last one: what of it turns over. */
  turn(place: number, bits: number): void {
    this.#skip(place - this.#place);
    this.#sum = (table[(this.#sum ^ bits) & 0xff] as number) ^ (this.#sum >>> 8);
    this.#place = place + 1;
  }

  /** The sum of the content that ends here, of the sum that it had. */
  applied(sum: number, end: number): number {
    this.#skip(end - this.#place);
    this.#place = end;
    return (sum ^ this.#sum) >>> 0;
  }

  /** Zeros: the sum times x to the power of eight for each. */
  #skip(zeros: number): void {
    if (this.#sum === 0) return;
    let power = 3;
    for (let left = zeros; left > 0; left = Math.floor(left / 2)) {
      if (left % 2 === 1) this.#sum = product(powers[power & 31] as number, this.#sum);
      power += 1;
    }
  }
}

/** CRC-32's polynomial, highest power in the lowest bit. */
const polynomial = 0xedb88320 | 0;
const one = 1 << 31;

/** Of two polynomials, less multiples of CRC-32's. */
function product(a: number, b: number): number {
  let [sum, shifted] = [0, b];
  for (let bit = one; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) sum ^= shifted;
    shifted = (shifted & 1) === 0 ? shifted >>> 1 : (shifted >>> 1) ^ polynomial;
  }
  return sum;
}

/** x to the power of 2 to the power of the index; they repeat behind 31. */
const powers = (() => {
  const found = [1 << 30];
  while (found.length < 32) {
    const last = found.at(-1) as number;
    found.push(product(last, last));
  }
  return found;
})();

const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit += 1) sum = (sum & 1) === 0 ? sum >>> 1 : (sum >>> 1) ^ polynomial;
  return sum;
});
