import fc from "fast-check";
import { expect, test } from "vitest";
import { BitWriter } from "../src/deflate/bit-writer.ts";

/** The bits of bytes in the order of deflate: the lowest of each first. */
function bitsOf(bytes: Uint8Array): string {
  return [...bytes]
    .map((byte) => [...byte.toString(2).padStart(8, "0")].reverse().join(""))
    .join("");
}

test("copies any bits to any place", () => {
  const bits = fc.nat({ max: 100 });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), bits, bits, bits, (from, before, skip, less) => {
      const start = Math.min(skip, from.length * 8);
      const end = Math.max(start, from.length * 8 - less);
      const writer = new BitWriter();
      for (let bit = 0; bit < before; bit += 1) writer.put(bit & 1, 1);
      writer.copy(from, start, end);
      writer.align();
      const expected = "01".repeat(50).slice(0, before) + bitsOf(from).slice(start, end);
      const whole = expected.padEnd(Math.ceil(expected.length / 8) * 8, "0");
      expect(bitsOf(writer.take(writer.length))).toBe(whole);
    }),
    { numRuns: 2000 },
  );
});
