import { describe, expect, it } from "vitest";
import { Fault, faultTable, isFault, redact } from "../src/index.ts";

describe("Fault", () => {
  it("carries code, what, why, values and the table's hint, and prints as JSON", () => {
    const fault = new Fault("DIGEST_MISMATCH", "layer 3 of web:1.4", {
      why: "the bytes hash to another digest",
      values: { expected: "sha256:aa", found: "sha256:bb" },
    });
    expect(fault.exitCode).toBe(3);
    expect(JSON.parse(JSON.stringify(fault))).toEqual({
      code: "DIGEST_MISMATCH",
      what: "layer 3 of web:1.4",
      why: "the bytes hash to another digest",
      values: { expected: "sha256:aa", found: "sha256:bb" },
      hint: faultTable.DIGEST_MISMATCH.remedy,
    });
  });

  it("is recognised by code", () => {
    const fault = new Fault("USAGE", "an unknown option");
    expect(isFault(fault)).toBe(true);
    expect(isFault(fault, "USAGE", "INTERNAL")).toBe(true);
    expect(isFault(fault, "INTERNAL")).toBe(false);
    expect(isFault(new Error("USAGE"), "USAGE")).toBe(false);
  });

  it("redacts secrets wherever they came in", () => {
    const fault = new Fault("USAGE", "cannot reach http://me:hunter2@127.0.0.1/", {
      values: { header: "Bearer abcdefghijklmnop" },
    });
    expect(JSON.stringify(fault)).not.toMatch(/hunter2|abcdefghijklmnop/);
  });
});

describe("redact", () => {
  it.each([
    ["https://u:p4ss@h/x", "https://u:***@h/x"],
    ["Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic ***"],
    ['{"token": "t0ps3cret"}', '{"token": "***"}'],
    ["password=abc;x=1", "password=***;x=1"],
    ["nothing to hide: 12", "nothing to hide: 12"],
  ])("%s", (text, expected) => {
    expect(redact(text)).toBe(expected);
  });
});
