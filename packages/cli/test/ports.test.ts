import { isFault } from "@lithify/fault";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePort } from "../src/ports.ts";

const good: readonly (readonly [
  text: string,
  host: string | undefined,
  from: number,
  to: number,
])[] = [
  ["8080", undefined, 8080, 8080],
  ["8080/tcp", undefined, 8080, 8080],
  ["9090:8080", undefined, 9090, 8080],
  ["0:8080", undefined, 0, 8080],
  ["127.0.0.1:9090:8080", "127.0.0.1", 9090, 8080],
  ["0.0.0.0:8080", "0.0.0.0", 8080, 8080],
  ["[::1]:9090:8080", "::1", 9090, 8080],
  ["localhost:1:65535/tcp", "localhost", 1, 65535],
];

const bad = [
  "",
  "http",
  "8080:",
  ":8080",
  "0",
  "65536",
  "70000:80",
  "80:0",
  "-1:80",
  "80/udp",
  "1:2:3:4",
  "8080 ",
  "808O:80",
  "somewhere:80:80",
];

describe("a published port", () => {
  it.each(good)("%s", (text, host, hostPort, containerPort) => {
    expect(parsePort(text)).toEqual({
      ...(host === undefined ? {} : { host }),
      hostPort,
      containerPort,
    });
  });

  it.each(bad)("%j is refused with what was given", (text) => {
    expect(() => parsePort(text)).toThrowError(
      expect.objectContaining({ code: "USAGE", values: { publish: text } }),
    );
  });

  it("reads every pair of ports, and throws nothing but faults", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 65535 }),
        fc.integer({ min: 1, max: 65535 }),
        (a, b) => {
          expect(parsePort(`${a}:${b}`)).toEqual({ hostPort: a, containerPort: b });
        },
      ),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parsePort(text);
        } catch (error) {
          expect(isFault(error, "USAGE")).toBe(true);
        }
      }),
    );
  });
});
