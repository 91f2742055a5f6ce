import { Fault } from "@lithify/fault";
import { describe, expect, it } from "vitest";
import { faultLines, faultOf } from "../src/print-fault.ts";
import { styleFor } from "../src/style.ts";

const plain = styleFor(false);
const { signal } = new AbortController();

describe("a fault for people", () => {
  it("says code, what, why, where, values, hint", () => {
    const fault = new Fault("POLICY_INVALID", "the policy lithify.yaml", {
      why: "protct is no key",
      values: { key: "protct", limit: 3 },
      hint: "Did you mean protect?",
      place: { file: "lithify.yaml", line: 3, column: 1 },
    });
    expect(faultLines(fault, plain)).toEqual([
      "POLICY_INVALID the policy lithify.yaml: protct is no key",
      "  at lithify.yaml:3:1",
      "  key: protct",
      "  limit: 3",
      "  hint: Did you mean protect?",
    ]);
  });

  it("leaves out what there is not, and falls back on the code's remedy", () => {
    const fault = new Fault("IMAGE_UNKNOWN", "image a", { place: { file: "f", line: 2 } });
    expect(faultLines(fault, plain)).toEqual([
      "IMAGE_UNKNOWN image a",
      "  at f:2",
      "  hint: List the images with lithify ls.",
    ]);
  });

  it("shows no credentials", () => {
    const fault = new Fault("USAGE", "https://me:topsecret@host/x", {
      values: { url: "https://me:topsecret@host" },
    });
    expect(faultLines(fault, plain).join("\n")).not.toContain("topsecret");
  });
});

describe("any thrown value", () => {
  it("is itself when it is a fault", () => {
    const fault = new Fault("USAGE", "x");
    expect(faultOf(fault, signal)).toBe(fault);
  });

  it.each([
    [new TypeError("boom"), "TypeError: boom"],
    ["text", "text"],
    [undefined, "undefined"],
  ])("%s is INTERNAL without a stack trace", (thrown, why) => {
    const fault = faultOf(thrown, signal);
    expect(fault).toMatchObject({ code: "INTERNAL", why, exitCode: 3 });
    expect(faultLines(fault, plain).join("\n")).not.toMatch(/\bat .*:\d+:\d+/);
  });

  it("is INTERRUPTED once the command was stopped", () => {
    const stop = new AbortController();
    stop.abort();
    expect(faultOf(new Error("aborted"), stop.signal)).toMatchObject({ code: "INTERRUPTED" });
  });
});
