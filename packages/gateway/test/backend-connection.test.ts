import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { BackendConnection } from "../src/backside/backend-connection.ts";
import { ResponseHeads } from "../src/backside/response-heads.ts";

const request = {
  method: "GET",
  head: "GET / HTTP/1.1\r\nHost: a\r\n",
  body: new Uint8Array(0),
  framing: "none",
  awaitsContinue: false,
  timeout: 5_000,
} as const;

let heard = "";
let outcomes: string[] = [];
const server = createServer((socket) => {
  socket.on("error", () => {});
  socket.on("data", (bytes) => {
    heard += bytes.toString("latin1");
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
});

const listener = {
  answered: ({ status }: { readonly status: number }) => void outcomes.push(`${status}`),
  failed: ({ message }: Error, silent: boolean) =>
    void outcomes.push(`${message}${silent ? ", silent" : ""}`),
};

beforeAll(() => new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve)));
afterAll(() => void server.close());
beforeEach(() => {
  heard = "";
  outcomes = [];
});

async function connected(): Promise<{ socket: Socket; connection: BackendConnection }> {
  const { port } = server.address() as { readonly port: number };
  const socket = connect(port, "127.0.0.1");
  await new Promise((resolve) => socket.once("connect", resolve));
  const owner = { heads: new ResponseHeads(), idle: () => {}, gone: () => {} };
  const connection = new BackendConnection(socket, owner);
  socket.on("data", (bytes: Buffer) => connection.take(bytes));
  return { socket, connection };
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !holds(); tries++) await sleep(10);
}

test("a request is answered, one after the other", async () => {
  const { socket, connection } = await connected();
  connection.begin(request, listener);
  await until(() => outcomes.length === 1);
  connection.begin(request, listener);
  await until(() => outcomes.length === 2);
  expect(outcomes).toEqual(["200", "200"]);
  socket.destroy();
});

test("what came before the request was written is no answer to it", async () => {
  const { socket, connection } = await connected();
  connection.begin(request, listener);
  connection.take(Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  expect(outcomes).toEqual(["it answers before it was asked, silent"]);
  await until(() => socket.closed);
  expect([socket.closed, connection.usable, heard, outcomes.length]).toEqual([true, false, "", 1]);
});

test("a request that is given up before it was written is never written", async () => {
  const { socket, connection } = await connected();
  connection.begin(request, listener);
  connection.abort();
  await until(() => socket.closed);
  expect([socket.closed, heard, outcomes]).toEqual([true, "", []]);
});
