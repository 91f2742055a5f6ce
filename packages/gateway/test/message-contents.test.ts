import { describe, expect, it } from "vitest";
import { ShortMap } from "../src/message/short-map.ts";
import { textContent } from "../src/message/text-content.ts";

describe("a short map", () => {
  it("is to its callers what a Map is, whatever is set and deleted", () => {
    let seed = 7;
    const next = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    for (let run = 0; run < 200; run++) {
      const [short, map] = [new ShortMap<number>(), new Map<string, number>()];
      const names = 2 + next(40);
      for (let step = 0; step < 80; step++) {
        const name = `n${next(names)}`;
        if (next(3) === 0) {
          short.delete(name);
          map.delete(name);
        } else {
          short.set(name, step);
          map.set(name, step);
        }
        expect([short.get(name), short.has(name)]).toEqual([map.get(name), map.has(name)]);
      }
      expect([...short]).toEqual([...map]);
      expect(short.size).toBe(map.size);
    }
  });
});

describe("a text as a content", () => {
  const texts = [
    "",
    "{}",
    "\u007f\u0000\r\n",
    "é",
    "a\u0080",
    "€",
    "\u{1f600}",
    "\ud800",
    "x".repeat(4096),
  ];
  it.each([...texts, "x".repeat(4097), `${"x".repeat(4000)}é`])(
    "has the bytes of UTF-8: %j",
    (text) => {
      const content = textContent(text, "string");
      expect(Buffer.from(content.bytes).equals(Buffer.from(text))).toBe(true);
      if (content.text !== undefined) {
        expect(Buffer.from(content.text, "latin1").equals(Buffer.from(text))).toBe(true);
      }
      expect(content.form).toBe("string");
    },
  );

  it("is kept as text only where it is short and of ASCII", () => {
    const kept = texts.filter((text) => textContent(text, "string").text !== undefined);
    expect(kept).toEqual(["", "{}", "\u007f\u0000\r\n", "x".repeat(4096)]);
    expect(textContent("x".repeat(4097), "string").text).toBeUndefined();
  });
});
