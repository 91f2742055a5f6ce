import { connect as connectHttp2, constants } from "node:http2";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ProxyGateway, proxyGateway, rawBackend } from "./support/proxy-gateway.ts";
import { exchange } from "./support/raw-client.ts";

/** What the backend says to the next request, and what it does then. */
let says = "";
let then: "end" | "keep" | "reset" = "keep";
let connections = 0;
let heard = "";
let backend: Awaited<ReturnType<typeof rawBackend>>;
let bench: ProxyGateway;

beforeAll(async () => {
  backend = await rawBackend((socket) => {
    connections++;
    socket.on("data", (bytes) => {
      heard += bytes.toString("latin1");
      if (!heard.includes("\r\n\r\n")) return;
      socket.write(says, "latin1", () => {
        if (then === "end") socket.end();
        if (then === "reset") socket.resetAndDestroy();
      });
    });
  });
  bench = await proxyGateway([
    { backend: `http://127.0.0.1:${backend.port}`, lines: "  back-timeout 1\n" },
  ]);
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
  await backend?.[Symbol.asyncDispose]();
});

function ask(method = "GET"): Promise<string> {
  heard = "";
  const body = method === "POST" ? "Content-Length: 2\r\n\r\nhi" : "\r\n";
  return exchange(bench.port(), `${method} /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${body}`);
}

/** The status and the body of an answer, its chunks taken apart. */
function shown(answer: string): string {
  const end = answer.indexOf("\r\n\r\n");
  const status = answer.slice(9, 12);
  let body = "";
  let rest = answer.slice(end + 4);
  while (rest !== "") {
    const size = Number.parseInt(rest, 16);
    if (Number.isNaN(size)) return `${status} malformed`;
    if (size === 0) return `${status} ${body}`;
    const from = rest.indexOf("\r\n") + 2;
    body += rest.slice(from, from + size);
    rest = rest.slice(from + size + 2);
  }
  return `${status} ${body} (cut)`;
}

const large = "x".repeat(40_000);
const ok = "HTTP/1.1 200 OK\r\n";

describe("what is an answer", () => {
  test.each([
    ["a length", `${ok}Content-Length: 5\r\n\r\nhello`, "200 hello"],
    ["a large body", `${ok}Content-Length: 40000\r\n\r\n${large}`, `200 ${large}`],
    [
      "chunks",
      `${ok}Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n`,
      "200 hello",
    ],
    [
      "extensions and trailers",
      `${ok}Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n`,
      "200 hello",
    ],
    ["no body", `${ok}Content-Length: 0\r\n\r\n`, "200 "],
    ["no reason", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "200 ok"],
    [
      "interim answers",
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n${ok}Content-Length: 2\r\n\r\nok`,
      "200 ok",
    ],
    ["blanks around values", `${ok}Content-Length:  \t2 \r\nA:\r\n\r\nok`, "200 ok"],
    ["its own status", "HTTP/1.1 418 Short And Stout\r\nContent-Length: 3\r\n\r\ntea", "418 tea"],
  ])("%s", async (_, answer, expected) => {
    [says, then] = [answer, "keep"];
    expect(shown(await ask())).toBe(expected);
  });

  test.each([
    ["to the end", `${ok}\r\nhello`, "200 hello"],
    ["of HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhello", "200 hello"],
  ])("a body that goes on %s", async (_, answer, expected) => {
    [says, then] = [answer, "end"];
    expect(shown(await ask())).toBe(expected);
  });

  test("204 and an answer to HEAD have no body, whatever they announce", async () => {
    [says, then] = ["HTTP/1.1 204 No Content\r\n\r\n", "keep"];
    expect(await ask()).toMatch(/^HTTP\/1\.1 204 No Content\r\n/);
    says = `${ok}Content-Length: 500\r\n\r\n`;
    expect(await ask("HEAD")).toMatch(/^HTTP\/1\.1 200 OK\r\n(?:.+\r\n)*\r\n$/);
    says = `${ok}Content-Length: 2\r\n\r\nok`;
    expect(shown(await ask())).toBe("200 ok");
  });
});

describe("what is none ends in the default error", () => {
  test.each([
    [
      "a length and chunks",
      `${ok}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ["two lengths", `${ok}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`],
    ["a list of lengths", `${ok}Content-Length: 2, 2\r\n\r\nok`],
    ["a signed length", `${ok}Content-Length: +2\r\n\r\nok`],
    ["another coding", `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    [
      "chunked twice",
      `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ["chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["lines that end in LF", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok\r\n\r\n"],
    ["a folded line", `${ok}A: b\r\n c\r\nContent-Length: 2\r\n\r\nok`],
    ["a blank before the colon", `${ok}Content-Length : 2\r\n\r\nok`],
    ["a NUL", `${ok}A: \u0000\r\nContent-Length: 2\r\n\r\nok`],
    ["a CR alone", `${ok}A: b\rc\r\nContent-Length: 2\r\n\r\nok`],
    ["another version", "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok"],
    ["another protocol", "SSH-2.0-OpenSSH_9.0\r\n"],
    ["a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"],
    ["a status below 100", "HTTP/1.1 099 OK\r\n\r\n"],
    ["a protocol that nobody asked for", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"],
    ["interim answers without end", "HTTP/1.1 100 Continue\r\n\r\n".repeat(20)],
    ["a header that is too long", `${ok}A: ${"x".repeat(200_000)}\r\n\r\n`],
    ["a malformed chunk", `${ok}Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n`],
    ["a chunk that is longer", `${ok}Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n`],
  ])("%s", async (_, answer) => {
    [says, then] = [answer, "keep"];
    for (const method of ["GET", "POST"]) {
      const got = await ask(method);
      expect(got).toMatch(/^HTTP\/1\.1 500 Error\r\nX-Backside-Transport: FAIL FAIL\r\n/);
      expect(got).toContain("Failed to establish a backside connection (from client)");
    }
  });

  test("an end, or a reset, without an answer", async () => {
    for (const how of ["end", "reset"] as const) {
      [says, then] = ["HTTP/1.1 2", how];
      expect(shown(await ask())).toContain("500 ");
    }
  });

  test("silence for longer than back-timeout", async () => {
    [says, then] = [`${ok}Content-Le`, "keep"];
    expect(shown(await ask("POST"))).toContain("500 ");
  });
});

test("an answer that is cut anywhere is never taken for a whole one", async () => {
  for (const whole of [
    `${ok}Content-Length: 11\r\n\r\nhello world`,
    `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n`,
  ]) {
    for (let at = 1; at < whole.length; at++) {
      [says, then] = [whole.slice(0, at), "end"];
      const got = shown(await ask("POST"));
      expect(got.startsWith("500 ") || got.endsWith("(cut)"), `at ${at}: ${got}`).toBe(true);
    }
    [says, then] = [whole, "end"];
    expect(shown(await ask("POST"))).toBe("200 hello world");
  }
});

test("bytes after an answer end the connection, and are no part of the next one", async () => {
  const poison = `${ok}Content-Length: 6\r\n\r\npoison`;
  [says, then] = [`${ok}Content-Length: 2\r\n\r\nok${poison}`, "keep"];
  const before = connections;
  for (let round = 0; round < 3; round++) expect(shown(await ask())).toBe("200 ok");
  expect(connections - before).toBe(3);
});

test("connections are kept and used again, and no more than were needed at once", async () => {
  [says, then] = [`${ok}Content-Length: 2\r\n\r\nok`, "keep"];
  await ask();
  const before = connections;
  for (let round = 0; round < 20; round++) expect(shown(await ask())).toBe("200 ok");
  expect(connections - before).toBe(0);
});

test("a kept connection that the backend has ended meanwhile is not the client's loss", async () => {
  [says, then] = [`${ok}Content-Length: 2\r\n\r\nok`, "keep"];
  for (let round = 0; round < 10; round++) {
    expect(shown(await ask("POST"))).toBe("200 ok");
    for (const socket of backend.sockets) socket.end();
    await sleep(20);
  }
});

test("a client whose connection breaks ends the request to the backend", async () => {
  [says, then] = ["", "keep"];
  heard = "";
  const client = connect(bench.port(), "127.0.0.1");
  client.write("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  while (!heard.includes("/slow")) await sleep(5);
  const asked = backend.sockets.size;
  client.resetAndDestroy();
  const deadline = Date.now() + 900;
  while (backend.sockets.size >= asked && Date.now() < deadline) await sleep(5);
  expect(backend.sockets.size).toBe(asked - 1);
});

test("a stream of HTTP/2 that is reset ends the request to the backend", async () => {
  [says, then] = ["", "keep"];
  const url = `http://127.0.0.1:${backend.port}`;
  await using own = await proxyGateway([{ backend: url, features: "+HTTP-2.0" }]);
  heard = "";
  const session = connectHttp2(`http://127.0.0.1:${own.port()}`);
  const stream = session.request({ ":path": "/slow2" });
  stream.on("error", () => {});
  while (!heard.includes("/slow2")) await sleep(5);
  const asked = backend.sockets.size;
  stream.close(constants.NGHTTP2_CANCEL);
  const deadline = Date.now() + 2000;
  while (backend.sockets.size >= asked && Date.now() < deadline) await sleep(5);
  expect(backend.sockets.size).toBe(asked - 1);
  session.destroy();
});

test("a backend that restarts under load: every failure has its reason, and nothing is left open", async () => {
  const answer = `${ok}Content-Length: 2\r\n\r\nok`;
  const serve = (socket: Socket): void => {
    socket.on("error", () => {});
    let text = "";
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      if (!text.includes("\r\n\r\n")) return;
      text = "";
      setTimeout(() => socket.destroyed || socket.write(answer), 1);
    });
  };
  await using first = await rawBackend(serve);
  const { port } = first;
  await using own = await proxyGateway([{ backend: `http://127.0.0.1:${port}` }]);
  let stop = false;
  const statuses = new Map<number, number>();
  const clients = Array.from({ length: 12 }, async (_, at) => {
    while (!stop) {
      const init = at % 3 === 0 ? { method: "POST", body: "x" } : {};
      const { status } = await fetch(`http://127.0.0.1:${own.port()}/`, init).then(async (got) => {
        await got.arrayBuffer();
        return got;
      });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  });
  await sleep(300);
  await first[Symbol.asyncDispose]();
  let running: Server | undefined;
  const sockets = new Set<Socket>();
  for (let round = 0; round < 5; round++) {
    await sleep(100);
    running = createServer((socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      serve(socket);
    });
    await new Promise<void>((resolve) => running!.listen(port, "127.0.0.1", resolve));
    await sleep(300);
    if (round === 4) break;
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => running!.close(resolve));
  }
  stop = true;
  await Promise.all(clients);
  const failed = statuses.get(500) ?? 0;
  expect([...statuses.keys()].sort()).toEqual([200, 500]);
  const reasons = own.log().match(/Failed to establish a backside connection.*/g) ?? [];
  expect(reasons.length).toBe(failed);
  for (const reason of reasons) {
    expect(reason).toMatch(/ECONNREFUSED|ECONNRESET|EPIPE|the connection ended/);
  }
  expect(sockets.size).toBeLessThanOrEqual(12);
  await own.gateway.close();
  const deadline = Date.now() + 3000;
  while (sockets.size > 0 && Date.now() < deadline) await sleep(20);
  expect(sockets.size).toBe(0);
  await new Promise((resolve) => running!.close(resolve));
});
