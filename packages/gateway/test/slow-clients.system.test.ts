import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ProxyGateway, proxyGateway, rawBackend } from "./support/proxy-gateway.ts";
import { exchange } from "./support/raw-client.ts";

/**
 * Clients that read or send next to nothing: they hold little memory and no other client, and go
 * when their time is over. The backend sends without an end, as fast as it is read.
 */
let bench: ProxyGateway;
let backend: Awaited<ReturnType<typeof rawBackend>>;
let sent = 0;
const part = Buffer.alloc(65_536, "x");

beforeAll(async () => {
  backend = await rawBackend((socket) => {
    let heard = "";
    socket.on("data", (bytes) => {
      heard += bytes.toString("latin1");
      if (heard.startsWith("GET /short") || heard.endsWith("last")) {
        socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      } else if (heard.startsWith("GET")) {
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
        pour(socket);
      }
    });
  });
  const url = `http://127.0.0.1:${backend.port}`;
  const streams = "  request-type unprocessed\n  response-type unprocessed\n";
  bench = await proxyGateway([
    { name: "s", backend: url, lines: `${streams}  front-timeout 2\n` },
    { name: "whole", backend: url, lines: "  front-timeout 2\n" },
    { name: "readers", backend: url, lines: `${streams}  front-timeout 6\n` },
  ]);
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
  await backend?.[Symbol.asyncDispose]();
});

function pour(socket: Socket): void {
  while (!socket.destroyed) {
    sent += part.length;
    if (!socket.write(part)) {
      socket.once("drain", () => pour(socket));
      return;
    }
  }
}

/** A client that takes one byte every 20 ms. */
function slowReader(): Disposable {
  const socket = connect(bench.port("readers"), "127.0.0.1");
  socket.on("error", () => {});
  socket.on("readable", () => {});
  socket.write("GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
  const timer = setInterval(() => void socket.read(1), 20);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      socket.destroy();
    },
  };
}

async function noneOpen(): Promise<void> {
  const { connections } = bench.gateway.counts();
  const deadline = Date.now() + 15_000;
  const open = (): number => bench.gateway.counts().connections.open + backend.sockets.size;
  while (open() > 0 && Date.now() < deadline) await sleep(20);
  expect(open(), `of ${connections.open}`).toBe(0);
}

/** Waits until each of `readers` has its backend and hardly anything more is read from these. */
async function buffersFilled(readers: number): Promise<void> {
  const deadline = Date.now() + 4000;
  for (let before = -1; Date.now() < deadline; before = sent) {
    await sleep(300);
    if (backend.sockets.size === readers && sent - before < part.length * readers) return;
  }
}

test("clients that read a byte at a time hold up nobody, take little, and are cut in time", async () => {
  sent = 0;
  const begun = Date.now();
  using all = new DisposableStack();
  const readers = Array.from({ length: 20 }, () => all.use(slowReader()));
  await buffersFilled(readers.length);
  const before = process.memoryUsage.rss();
  const early = sent;
  const plain = "GET /short HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  for (let n = 0; n < 20; n++)
    expect(await exchange(bench.port("readers"), plain)).toContain("\r\nok\r\n");
  await sleep(500);
  // nothing more is read from the backend than what buffers on the way hold
  expect(sent - early).toBeLessThan(8_000_000);
  expect(sent / readers.length).toBeLessThan(16_000_000);
  expect(process.memoryUsage.rss() - before).toBeLessThan(100_000_000);
  // what the clients have not taken by then they never will: they and their backends are gone
  expect(bench.gateway.counts().connections.open).toBe(readers.length);
  await noneOpen();
  expect(Date.now() - begun).toBeGreaterThan(1500);
}, 60_000);

test.each(["s", "whole"])(
  "%s: an upload that comes slowly is waited for as long as it comes",
  async (service) => {
    const socket = connect(bench.port(service), "127.0.0.1");
    const closed = once(socket, "close");
    let got = "";
    socket.on("data", (bytes) => {
      got += String(bytes);
    });
    socket.write("POST /up HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 12\r\n\r\n");
    // longer than the time-out in all, never as long between two bytes
    for (const byte of "slowly, last") {
      socket.write(byte);
      await sleep(300);
    }
    await closed;
    expect(got).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\nok\r\n/s);
  },
  30_000,
);

test.each(["s", "whole"])(
  "%s: an upload that stops is cut, and its backend is rid of it",
  async (service) => {
    const socket = connect(bench.port(service), "127.0.0.1");
    socket.on("error", () => {});
    socket.write("POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\nslow");
    const begun = Date.now();
    socket.resume();
    await once(socket, "close");
    expect(Date.now() - begun).toBeGreaterThan(1500);
    await noneOpen();
  },
  30_000,
);

test("a thousand idle connections are held and cost the others nothing", async () => {
  const port = bench.port();
  const short = "GET /short HTTP/1.1\r\nHost: a\r\n\r\n";
  const idle: Socket[] = [];
  for (let n = 0; n < 1000; n++) {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.on("error", () => {});
    idle.push(socket);
  }
  const plain = "GET /short HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  for (let n = 0; n < 20; n++) expect(await exchange(port, plain)).toContain("\r\nok\r\n");
  expect(bench.gateway.counts().connections.open).toBeGreaterThanOrEqual(1000);
  // each of them still works
  const answers = await Promise.all(
    idle.map(async (socket) => {
      socket.write(short);
      const [bytes] = (await once(socket, "data")) as [Buffer];
      socket.destroy();
      return bytes.toString("latin1").slice(0, 15);
    }),
  );
  expect(new Set(answers)).toEqual(new Set(["HTTP/1.1 200 OK"]));
  await noneOpen();
}, 60_000);
