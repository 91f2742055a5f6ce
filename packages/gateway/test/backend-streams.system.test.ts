import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HttpClient } from "../src/backside/http-client.ts";
import { openUpgraded } from "../src/backside/upgraded-connection.ts";
import { type ProxyGateway, proxyGateway, rawBackend } from "./support/proxy-gateway.ts";

let bench: ProxyGateway;
let backend: Awaited<ReturnType<typeof rawBackend>>;
/** What came to the backend, and how it answers each connection. */
let heard = "";
let serve: (socket: Socket, text: string) => void = () => {};
const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

beforeAll(async () => {
  backend = await rawBackend((socket) => {
    socket.on("data", (bytes) => {
      const text = bytes.toString("latin1");
      heard += text;
      serve(socket, text);
    });
  });
  const url = `http://127.0.0.1:${backend.port}`;
  const streams = "  request-type unprocessed\n  response-type unprocessed\n";
  bench = await proxyGateway([
    { name: "whole", backend: url },
    { name: "whole-chunked", backend: url, lines: "  chunked-uploads on\n" },
    { name: "stream", backend: url, lines: streams },
    { name: "stream-chunked", backend: url, lines: `${streams}  chunked-uploads on\n` },
    { name: "old", backend: url, lines: `${streams}  http-server-version HTTP/1.0\n` },
    { name: "ending", backend: url, lines: "  persistent-connections off\n" },
  ]);
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
  await backend?.[Symbol.asyncDispose]();
});

/** Sends parts one after the other, each once what came back fits its pattern. */
async function talk(
  service: string,
  parts: readonly (readonly [RegExp, string])[],
): Promise<string> {
  const socket = connect(bench.port(service), "127.0.0.1");
  let got = "";
  socket.on("data", (bytes) => {
    got += bytes.toString("latin1");
  });
  const ended = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  for (const [wanted, part] of parts) {
    const deadline = Date.now() + 5000;
    while (!wanted.test(got) && Date.now() < deadline) await sleep(5);
    socket.write(part, "latin1");
  }
  await ended;
  return got;
}

const post = "POST /up HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
const chunked = `${post}Transfer-Encoding: chunked\r\n\r\n`;
const chunks = "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";

test.each([
  ["whole", /\r\nContent-Length: 11\r\n\r\nhello world$/],
  ["whole-chunked", /\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n$/],
  ["stream", /\r\nContent-Length: 11\r\n\r\nhello world$/],
  ["stream-chunked", /\r\nTransfer-Encoding: chunked\r\n\r\n(?:.*\r\n)*0\r\n\r\n$/],
  ["old", /^POST \/up HTTP\/1\.0\r\n(?:.+\r\n)*Content-Length: 11\r\n\r\nhello world$/],
])("%s: how an upload without a length is framed", async (service, framed) => {
  heard = "";
  serve = (socket) => {
    if (/world(?:$|\r\n0\r\n\r\n$)|\r\n0\r\n\r\n$/.test(heard)) socket.write(ok);
  };
  expect(await talk(service, [[/^/, `${chunked}${chunks}`]])).toContain("HTTP/1.1 200 OK");
  expect(heard).toMatch(framed);
  expect(heard.match(/^connection:/gim)).toHaveLength(1);
});

test("a client that asks first is answered by the backend's word, when its body is a stream", async () => {
  heard = "";
  serve = (socket, text) => {
    if (text.includes("\r\n\r\n")) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
    if (heard.endsWith("hello")) socket.write(ok);
  };
  const asking = `${post}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`;
  const got = await talk("stream", [
    [/^/, asking],
    [/ 100 Continue/, "hello"],
  ]);
  expect(got).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  expect(heard).toMatch(/\r\nExpect: 100-continue\r\n/i);
});

test("a backend that says no before the body never gets it", async () => {
  heard = "";
  serve = (socket) => socket.write("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
  const asking = `${post}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`;
  const got = await talk("stream", [[/^/, asking]]);
  expect(got).toMatch(/^HTTP\/1\.1 413 Too Large\r\n/);
  expect(heard).toMatch(/\r\n\r\n$/);
});

test("persistent-connections off ends each connection", async () => {
  heard = "";
  serve = (socket) => socket.write(ok);
  await talk("ending", [[/^/, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"]]);
  expect(heard).toMatch(/\r\nConnection: close\r\n/);
  await sleep(50);
  const kept = backend.sockets.size;
  await talk("ending", [[/^/, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"]]);
  await sleep(50);
  expect(backend.sockets.size).toBe(kept);
});

test("large bodies pass both ways as they are, also for a slow reader", async () => {
  const size = 30_000_000;
  const bytes = randomBytes(1_000_000);
  const server = createServer((request, response) => {
    const digest = createHash("sha256");
    let length = 0;
    request.on("data", (part: Buffer) => {
      digest.update(part);
      length += part.length;
    });
    request.on("end", () => {
      response.setHeader("Seen", `${length} ${digest.digest("hex")}`);
      for (let sent = 0; sent < size; sent += bytes.length) response.write(bytes);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const lines = "  request-type unprocessed\n  response-type unprocessed\n";
  await using large = await proxyGateway([{ backend: url, lines }]);
  const body = Buffer.concat(Array.from({ length: size / bytes.length }, () => bytes));
  const answer = await fetch(`http://127.0.0.1:${large.port()}/`, { method: "POST", body });
  const digest = createHash("sha256");
  let length = 0;
  let slow = 3;
  for await (const part of answer.body!) {
    if (slow-- > 0) await sleep(100);
    digest.update(part);
    length += part.length;
  }
  const wanted = createHash("sha256").update(body).digest("hex");
  expect(answer.headers.get("seen")).toBe(`${size} ${wanted}`);
  expect([length, digest.digest("hex")]).toEqual([size, wanted]);
  server.closeAllConnections();
  server.close();
});

test("connections that fell idle are ended", async () => {
  serve = (socket) => socket.write(ok);
  const client = new HttpClient({ network: {}, persistent: true, mostIdle: 100 });
  const destination = { key: "x", host: "127.0.0.1", port: backend.port };
  const request = {
    method: "GET",
    head: "GET / HTTP/1.1\r\nHost: a\r\n",
    body: new Uint8Array(0),
    framing: "none",
    awaitsContinue: false,
    timeout: 1000,
  } as const;
  await new Promise<void>((resolve, reject) => {
    client.send(destination, request, { answered: () => resolve(), failed: reject });
  });
  await sleep(0);
  expect(client.size).toBe(1);
  const deadline = Date.now() + 3000;
  while (client.size > 0 && Date.now() < deadline) await sleep(20);
  expect(client.size).toBe(0);
  client.close();
});

test("a raw connection is had from a backend that takes the protocol, and an answer from others", async () => {
  const head = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
  const destination = { key: "x", host: "127.0.0.1", port: backend.port };
  serve = (socket, text) => {
    if (text.startsWith("GET")) {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nfirst");
    } else socket.write(`echo ${text}`);
  };
  const taken = await openUpgraded(destination, {}, head, 2000);
  if (!("socket" in taken)) throw new Error("it was refused");
  expect(taken.headers.get("upgrade")).toBe("websocket");
  expect(taken.first.toString()).toBe("first");
  const echoed = new Promise((resolve) =>
    taken.socket.once("data", (part) => resolve(String(part))),
  );
  taken.socket.resume();
  taken.socket.write("hello");
  expect(await echoed).toBe("echo hello");
  taken.socket.destroy();
  serve = (socket) => socket.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
  const refused = await openUpgraded(destination, {}, head, 2000);
  expect(refused).toMatchObject({ status: 403, reason: "Forbidden", body: Buffer.from("no") });
  serve = (socket) => socket.end("HTTP/1.1 101");
  await expect(openUpgraded(destination, {}, head, 2000)).rejects.toThrow("ended before");
});
