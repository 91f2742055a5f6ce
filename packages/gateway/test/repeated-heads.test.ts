import { once } from "node:events";
import { connect, createServer } from "node:net";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { ProxiedAnswer } from "../src/answer/proxied-answer.ts";
import { writeAnswer } from "../src/front/response-writer.ts";
import { Headers } from "../src/http/headers.ts";
import { arrivingHeaders, arrivingLines } from "../src/message/arriving-headers.ts";
import type { IncomingRequest, Transaction } from "../src/message/transaction.ts";
import type { ServicePlan } from "../src/plan/service-plan.ts";

const blocks = [
  ["Server", "one", "Connection", "close"],
  ["Server", "two"],
  ["X-Client-IP", "10.9.9.9", "X-Global-Transaction-ID", "theirs"],
  ["X-Backside-Transport", "OK OK"],
  [],
].map((raw) => Headers.fromRaw(raw));
const labels = ["X-Global-Transaction-ID", "", "X-ID"];

test("lines of answers are those of their headers, whatever the answer before was", () => {
  for (const status of [200, 404, 200]) {
    for (const transactionIdLabel of labels) {
      for (const headers of [...blocks, ...blocks]) {
        const make = (): ProxiedAnswer => {
          const plan = { transactionIdLabel };
          const service = new Map();
          const current = headers.copy();
          const parts = {
            plan,
            service,
            current,
            hasAnswer: false,
            globalId: "0123456789abcdef01234567",
          };
          const transaction = parts as unknown as Transaction;
          return new ProxiedAnswer(transaction, {
            status,
            reason: "R",
            headers,
            body: Buffer.of(),
          });
        };
        expect(make().lines).toBe(make().headers.lines());
      }
    }
  }
});

test("lines that requests get on their way are those of their headers", () => {
  const via = "1.1 AQAAAA";
  for (const transactionIdLabel of labels) {
    const plan = { clientIpLabel: "X-Client-IP", transactionIdLabel } as unknown as ServicePlan;
    const lines = arrivingLines(plan, via);
    for (const client of ["10.0.0.1:5", "10.0.0.1:6", ":7", "::1:5", "10.0.0.1:5"]) {
      const request = { headers: new Headers(), client } as unknown as IncomingRequest;
      const transaction = { request, globalId: client } as unknown as Transaction;
      expect(lines(transaction)).toBe(arrivingHeaders(plan, via, transaction).lines());
    }
  }
});

test("names that are missed are missed only as long as nobody adds them", () => {
  const headers = Headers.of("Server", "one");
  const names = ["x-a", "x-b"];
  expect([headers.lacks(names), headers.lacks(names)]).toEqual([true, true]);
  const copy = headers.copy();
  copy.set("X-B", ["1"]);
  expect([copy.lacks(names), headers.lacks(names)]).toEqual([false, true]);
  expect([headers.lacks(["server"]), headers.lacks(names)]).toEqual([false, true]);
  headers.append("X-A", "1");
  expect(headers.lacks(names)).toBe(false);
  headers.delete("X-A");
  expect(headers.lacks(names)).toBe(true);
});

test("each answer has its own status line and length", async () => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const socket = connect(address.port, "127.0.0.1");
  const [peer] = await once(server, "connection");
  const arrived = text(peer);
  let expected = "";
  for (const [status, reason] of [
    [200, "OK"],
    [200, "Fine"],
    [201, "Fine"],
    [201, "\n"],
  ] as const) {
    for (const body of ["", "a", "a", "bcd"]) {
      const bytes = Buffer.from(body);
      const answer = { status, reason, headers: new Headers(), body: bytes, close: false };
      writeAnswer(socket, undefined, answer, { close: false, chunks: true }, () => {});
      const line = `HTTP/1.1 ${status} ${reason === "\n" ? "?" : reason}\r\n`;
      const length = `Content-Length: ${body.length}\r\n`;
      expected += `${line}Connection: Keep-Alive\r\n${length}\r\n${body}`;
    }
  }
  socket.end();
  expect(await arrived).toBe(expected);
  server.close();
});
