import { expect, test } from "vitest";
import type { AccessFormat } from "../src/environment.ts";
import { Headers } from "../src/http/headers.ts";
import { accessLine } from "../src/log/access-log.ts";
import type { Transaction } from "../src/message/transaction.ts";

const at = new Date("2026-11-04T03:02:01Z");

function line(format: Exclude<AccessFormat, "off">, agent: string): string {
  const headers = Headers.of("User-Agent", agent);
  const request = {
    method: "GET",
    uri: "/a?b=1",
    httpVersion: "1.1",
    headers,
    client: "10.0.0.1:5",
  };
  const plan = { domain: "echo", name: "echo" };
  const transaction = { request, plan, id: "7", globalId: "abc" } as unknown as Transaction;
  return accessLine(format, transaction, { status: 200, body: Buffer.from("12345") }, 1.5, at);
}

test("common and combined, as httpd has them", () => {
  const common = '10.0.0.1 - - [04/Nov/2026:03:02:01 +0000] "GET /a?b=1 HTTP/1.1" 200 5';
  expect(line("common", "x")).toBe(common);
  expect(line("combined", "curl/8")).toBe(`${common} "-" "curl/8"`);
});

test("what a client sends cannot end its field or its line", () => {
  expect(line("combined", 'a" 200\n\\x')).toMatch(/"a\\" 200\\x0a\\\\x"$/);
});

test("JSON", () => {
  expect(JSON.parse(line("json", "curl/8"))).toMatchObject({
    time: "2026-11-04T03:02:01.000Z",
    status: 200,
    bytes: 5,
    milliseconds: 1.5,
    service: "echo",
    agent: "curl/8",
    gtid: "abc",
  });
});
