import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Gateway, serveGateway } from "../src/serve/serve-gateway.ts";
import { exchange } from "./support/raw-client.ts";

const example = join(import.meta.dirname, "../../../examples/echo-gateway/src");
let gateway: Gateway;
let port: number;

beforeAll(async () => {
  gateway = await serveGateway({ root: example, log: () => {}, portFor: () => 0 });
  port = gateway.ports[0]!.port;
});

afterAll(() => gateway.close());

const plain = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

test.each([
  ["no HTTP at all", "\u0000\u0001\u0002 hello\r\n\r\n", /^HTTP\/1\.1 400 /],
  [
    "a header that is too long",
    `GET / HTTP/1.1\r\nA: ${"x".repeat(130_000)}\r\n\r\n`,
    /^HTTP\/1\.1 431 /,
  ],
  [
    "a URL that is too long",
    `GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    /^HTTP\/1\.1 414 /,
  ],
  [
    "two lengths",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    /^HTTP\/1\.1 400 /,
  ],
  [
    "length and chunks",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    /^HTTP\/1\.1 400 /,
  ],
  ["a method that is not allowed", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", /^HTTP\/1\.1 405 /],
  [
    "an upgrade that nobody serves",
    plain.replace("Connection: close", "Connection: upgrade, close\r\nUpgrade: h2c"),
    /^HTTP\/1\.1 200 /,
  ],
  ["OPTIONS for the server", plain.replace("GET /x", "OPTIONS *"), /^HTTP\/1\.1 200 .*"uri":"\*"/s],
  [
    "a chunked body",
    "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nab\r\n0\r\n\r\n",
    /"method":"POST","uri":"\/c"/,
  ],
  [
    "a chunk longer than its size",
    "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
    /^HTTP\/1\.1 400 /,
  ],
  [
    "a coding other than chunked, hiding a request",
    "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\nGET /hidden HTTP/1.1\r\n\r\n",
    /^HTTP\/1\.1 400 (?!.*hidden)/s,
  ],
  ["lines that end in LF alone", "GET / HTTP/1.1\nHost: a\n\n", /^HTTP\/1\.1 400 /],
  ["a blank before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", /^HTTP\/1\.1 400 /],
  ["HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", /^HTTP\/1\.1 505 /],
  [
    "an expectation that nobody knows",
    "GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nConnection: close\r\n\r\n",
    /^HTTP\/1\.1 417 /,
  ],
  [
    "a client that waits to be told to go on",
    "POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab",
    /^(?:HTTP\/1\.1 100 Continue\r\n\r\n)?HTTP\/1\.1 200 .*"uri":"\/e"/s,
  ],
  ["an empty line before the request", `\r\n${plain}`, /^HTTP\/1\.1 200 /],
  [
    "trailers",
    "POST /t HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2;x=1\r\nab\r\n0\r\nHost: b\r\n\r\n",
    /"method":"POST","uri":"\/t"/,
  ],
])("%s", async (_, request, answer) => {
  expect(await exchange(port, request)).toMatch(answer);
  expect(await exchange(port, plain)).toContain('"uri":"/x"');
});

test("several requests on one connection are answered in order", async () => {
  const uris = ["/1", "/2", "/3"];
  const requests = uris.map((uri) => `GET ${uri} HTTP/1.1\r\nHost: a\r\n\r\n`);
  const answers = await exchange(port, requests.join("") + plain);
  expect([...answers.matchAll(/"uri":"([^"]*)"/g)].map((found) => found[1])).toEqual([
    ...uris,
    "/x",
  ]);
  expect(answers.match(/Connection: Keep-Alive/g)).toHaveLength(3);
  expect(answers.match(/Connection: close/g)).toHaveLength(1);
});

test("thousands of requests sent ahead are all answered, in order", async () => {
  const uris = Array.from({ length: 20_000 }, (_, n) => `/${n}`);
  const requests = uris.map((uri) => `GET ${uri} HTTP/1.1\r\nHost: a\r\n\r\n`);
  const answers = await exchange(port, requests.join("") + plain);
  const found = [...answers.matchAll(/"uri":"([^"]*)"/g)].map((match) => match[1]);
  expect(found).toEqual([...uris, "/x"]);
});

test("a request that comes byte by byte, and half a connection, are served", async () => {
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    let text = "";
    socket.on("data", (part) => {
      text += String(part);
    });
    socket.on("error", reject);
    socket.on("end", () => resolve(text));
    const bytes = [..."POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"];
    const next = (): void => {
      const byte = bytes.shift();
      if (byte === undefined) socket.end();
      else socket.write(byte, () => setImmediate(next));
    };
    next();
  });
  expect(answer).toContain('"uri":"/slow"');
});

test("a body is asked for only once it is wanted", async () => {
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.on("data", (part) => {
      text += String(part);
      if (text === "HTTP/1.1 100 Continue\r\n\r\n") socket.write("ab");
    });
    socket.on("error", reject);
    socket.on("end", () => {
      socket.end();
      resolve(text);
    });
    socket.write(
      "POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n",
    );
  });
  expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
});

test("clients that leave in the middle harm nothing", async () => {
  const unfinished = [
    "",
    "GET /",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\npart",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  ];
  await Promise.all(
    unfinished.map(
      (text) =>
        new Promise<void>((resolve) => {
          const socket = connect(port, "127.0.0.1", () => {
            socket.write(text, () => {
              socket.resetAndDestroy();
              resolve();
            });
          });
          socket.on("error", () => {});
        }),
    ),
  );
  expect(await exchange(port, plain)).toContain('"uri":"/x"');
});
