import { expect, test } from "vitest";
import { readEnvironment } from "../src/environment.ts";

test("what is not set takes its default, without a warning", () => {
  expect(readEnvironment({ PATH: "/bin" })).toMatchObject({
    root: "/drouter",
    healthPort: 7879,
    logLevel: "info",
    changes: "none",
    logFormat: "text",
    accessLog: "off",
    drainDelay: 0,
    warnings: [],
  });
});

test("the product's variables and ours", () => {
  const read = readEnvironment({
    DATAPOWER_ACCEPT_LICENSE: "true",
    DATAPOWER_INTERACTIVE: "true",
    DATAPOWER_FAST_STARTUP: "true",
    DATAPOWER_WORKER_THREADS: "3",
    GATEWAY_CHANGES: "memory",
    GATEWAY_LOG_FORMAT: "JSON",
    GATEWAY_ACCESS_LOG: "combined",
    GATEWAY_PASSWORD_ECHO_X: "secret",
    GATEWAY_PASSWORDS: "/run/secrets",
  });
  expect(read).toMatchObject({
    workerThreads: 3,
    changes: "memory",
    logFormat: "json",
    accessLog: "combined",
    warnings: [],
  });
});

test.each([
  ["DATAPOWER_FAST_STRATUP", "true", "is DATAPOWER_FAST_STARTUP meant?"],
  ["GATEWAY_CHANGE", "memory", "is GATEWAY_CHANGES meant?"],
  ["DATAPOWER_SOMETHING_ELSE", "1", "is not a variable of this gateway and is ignored"],
  ["GATEWAY_CHANGES", "disk", "is none of none, memory: none is used"],
  ["GATEWAY_DRAIN_DELAY", "1s", "is not a number from 0 to"],
])("%s=%s is warned of", (name, value, text) => {
  const { warnings } = readEnvironment({ [name]: value });
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain(text);
});
