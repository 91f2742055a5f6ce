import { createHash } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Gateway, serveGateway } from "../src/serve/serve-gateway.ts";
import { type Certificates, makeCertificates } from "./support/certificates.ts";
import { treeOf } from "./support/tree.ts";

let certificates: Certificates;
let tree: ReturnType<typeof treeOf>;
let gateway: Gateway;
/** Handshakes as the backend saw them, and its ends of the connections. */
const seen: IncomingMessage[] = [];
const ends: Socket[] = [];

/** A backend that takes WebSocket below /chat, sends what it gets back in upper case, and greets. */
const backend = createServer((request, response) => {
  response.writeHead(request.headers.upgrade === undefined ? 200 : 404).end("plain");
});
backend.on("upgrade", (request, socket: Socket) => {
  seen.push(request);
  socket.on("error", () => {});
  if (!request.url!.startsWith("/chat")) {
    socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    return;
  }
  ends.push(socket);
  const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash("sha1").update(key).digest("base64");
  const head = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
  socket.write(`${head}hello;`);
  socket.on("data", (bytes) => socket.write(bytes.toString().toUpperCase()));
  socket.on("end", () => socket.end("bye;"));
});

beforeAll(async () => {
  certificates = makeCertificates();
  certificates.issue("a", { names: "DNS:localhost" });
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
  const { port } = backend.address() as AddressInfo;
  const features = 'allowed-features "HTTP-1.1+GET+POST+QueryString"';
  const config = `crypto
key "a" "cert:///a.key"
certificate "a" "cert:///a.pem"
idcred "a" "a" "a"
ssl-server "a"
  idcred "a"
exit
exit
source-http "on"
  ${features}
  websocket-upgrade on
exit
source-http "brief"
  ${features}
  websocket-upgrade on
  websocket-idle-timeout 1
exit
source-http "off"
  ${features}
exit
source-https "secure"
  ${features}
  websocket-upgrade on
  ssl-server "a"
exit
action "script"
  type gatewayscript
  input "INPUT"
  gatewayscript-location "local:///main.js"
  output "OUTPUT"
exit
rule "rule"
  type request-rule
  action "script"
exit
matching "all"
  urlmatch "*"
exit
stylepolicy "policy"
  match "all" "rule"
exit
mpgw "service"
  front-protocol on
  front-protocol brief
  front-protocol off
  front-protocol secure
  stylepolicy policy
  type static-backend
  backend-url "http://127.0.0.1:${port}"
  request-type preprocessed
  response-type preprocessed
exit
`;
  const script = `const hm = require("header-metadata");
const sm = require("service-metadata");
if (/denied/.test(sm.getVar("var://service/URI"))) session.reject("not you");
hm.current.set("X-Rule", "seen");`;
  tree = treeOf({
    "usrcerts/d/a.key": certificates.read("a.key").toString(),
    "usrcerts/d/a.pem": certificates.read("a.pem").toString(),
    "config/auto-startup.cfg": 'domain "d"\n  visible-domain default\nexit\n',
    "config/d/d.cfg": config,
    "local/d/main.js": script,
  });
  gateway = await serveGateway({ root: tree.root, log: () => {}, portFor: () => 0 });
  expect(gateway.health().services).toMatchObject([{ state: "up", reasons: [] }]);
});

afterAll(async () => {
  for (const end of ends) end.destroy();
  await gateway.close();
  backend.close();
  tree[Symbol.dispose]();
  certificates[Symbol.dispose]();
});

function portOf(handler: string): number {
  return gateway.ports.find((port) => port.handler === handler)!.port;
}

const key = "dGhlIHNhbXBsZSBub25jZQ==";
const handshake = (uri: string): string =>
  `GET ${uri} HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`;

/** What comes over a connection until it is closed, or matches. */
function until(socket: Socket, wanted?: RegExp): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const done = (): void => resolve(text);
    socket.on("data", (part) => {
      text += String(part);
      if (wanted?.test(text)) done();
    });
    socket.on("end", done);
    socket.on("close", done);
    socket.on("error", done);
  });
}

function dial(handler: string): Socket {
  const port = portOf(handler);
  if (handler !== "secure") return connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  return connectTls({ port, host: "localhost", ca: certificates.read("a.pem") });
}

test.each(["on", "secure"])(
  "a handshake goes through the rule, then bytes both ways (%s)",
  async (handler) => {
    const socket = dial(handler);
    // bytes that come right behind the handshake are not lost
    socket.write(`${handshake("/chat?x=1")}early;`);
    const text = await until(socket, /EARLY;/);
    expect(text).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(text).toContain("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
    expect(text.match(/^Connection: Upgrade\r$/gm)).toHaveLength(1);
    expect(text.match(/^Upgrade: websocket\r$/gim)).toHaveLength(1);
    expect(text).toMatch(/\r\n\r\nhello;EARLY;$/);
    expect(seen.at(-1)!.url).toBe("/chat?x=1");
    expect(seen.at(-1)!.headers).toMatchObject({ "x-rule": "seen", upgrade: "WebSocket" });
    const more = until(socket, /MORE;$/);
    socket.write("more;");
    expect(await more).toBe("MORE;");
    const big = until(socket, /Z$/);
    socket.write(`${"x".repeat(3_000_000)}z`);
    expect((await big).length).toBe(3_000_001);
    const last = until(socket);
    socket.end();
    expect(await last).toBe("bye;");
  },
);

test("a broken side breaks the other", async () => {
  const socket = dial("on");
  socket.write(handshake("/chat"));
  await until(socket, /hello;/);
  const closed = until(socket);
  ends.at(-1)!.destroy();
  await closed;
  const other = dial("on");
  other.write(handshake("/chat"));
  await until(other, /hello;/);
  const gone = new Promise((resolve) => ends.at(-1)!.on("close", resolve));
  other.destroy();
  await gone;
});

test("silence for longer than the handler allows ends the connection", async () => {
  const socket = dial("brief");
  socket.write(handshake("/chat"));
  await until(socket, /hello;/);
  expect(await until(socket)).toBe("");
});

test("what the rule, the backend or the handler refuses gets an ordinary answer", async () => {
  const ask = async (handler: string, request: string): Promise<string> => {
    const socket = dial(handler);
    socket.write(request);
    const text = await until(socket, /\r\n\r\n.*(?:Envelope>|no\r\n0\r\n\r\n|plain)/s);
    socket.destroy();
    return text;
  };
  const before = seen.length;
  expect(await ask("off", handshake("/chat"))).toMatch(/^HTTP\/1\.1 400 /);
  expect(await ask("on", handshake("/denied"))).toMatch(/^HTTP\/1\.1 500 .*not you/s);
  expect(seen.length).toBe(before);
  expect(await ask("on", handshake("/other"))).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
  const posted = handshake("/chat").replace("GET", "POST");
  expect(await ask("on", posted)).toMatch(/^HTTP\/1\.1 400 /);
  const without = handshake("/x").replace("keep-alive, Upgrade", "keep-alive");
  expect(await ask("on", without)).toMatch(/^HTTP\/1\.1 200 .*plain/s);
});
