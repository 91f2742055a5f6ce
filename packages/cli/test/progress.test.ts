import { describe, expect, it } from "vitest";
import { progressOn } from "../src/progress.ts";
import { styleFor } from "../src/style.ts";

const plain = styleFor(false);

function output(given: { readonly isTTY?: boolean; readonly columns?: number }) {
  const written: string[] = [];
  return { ...given, written, write: (text: string) => written.push(text) };
}

describe("progress", () => {
  it("is plain lines where there is no terminal", () => {
    const out = output({});
    const progress = progressOn(out, plain, false);
    progress.step("first");
    progress.note("noted");
    progress.step("second");
    progress.end();
    expect(out.written.join("")).toBe("first\n  noted\nsecond\n");
  });

  it("overwrites steps on a terminal, keeps notes, and wipes itself at the end", () => {
    const out = output({ isTTY: true, columns: 40 });
    const progress = progressOn(out, plain, false);
    progress.step("first");
    progress.note("noted");
    progress.step("second");
    progress.end();
    expect(seenOn(out.written.join(""))).toEqual(["  noted", ""]);
  });

  it("never fills a line of the terminal, which would wrap", () => {
    const out = output({ isTTY: true, columns: 20 });
    progressOn(out, plain, false).step("x".repeat(100));
    const [line = ""] = seenOn(out.written.join(""));
    expect(line.length).toBeLessThan(20);
    expect(line).toMatch(/^x+…$/);
  });

  it("says nothing when it is to be quiet", () => {
    const out = output({ isTTY: true });
    const progress = progressOn(out, plain, true);
    progress.step("first");
    progress.note("noted");
    progress.end();
    expect(out.written).toEqual([]);
  });
});

/** The lines that a terminal shows after this text: a return goes to the line's start, `ESC [2K` empties it. */
function seenOn(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) =>
      line.slice(line.lastIndexOf("\u001b[2K") + 4 * Number(line.includes("\u001b[2K"))),
    );
}
