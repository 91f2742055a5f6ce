import { type ClientHttp2Session, connect, constants } from "node:http2";
import { connect as connectPlain } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Gateway, serveGateway } from "../src/serve/serve-gateway.ts";
import { type Certificates, makeCertificates } from "./support/certificates.ts";
import { echoScript, echoService } from "./support/echo-service.ts";
import { exchange } from "./support/raw-client.ts";
import { treeOf } from "./support/tree.ts";

let certificates: Certificates;
let tree: ReturnType<typeof treeOf>;
let gateway: Gateway;

beforeAll(async () => {
  certificates = makeCertificates();
  certificates.issue("a", { names: "DNS:localhost" });
  const features = 'allowed-features "HTTP-1.1+HTTP-2.0+GET+POST+HEAD+QueryString"';
  const limits = "http2-max-streams 5\n  max-header-count 20\n  max-url-len 100";
  const crypto = `crypto
key "a" "cert:///a.key"
certificate "a" "cert:///a.pem"
idcred "a" "a" "a"
ssl-server "a"
  idcred "a"
exit
exit
source-http "plain"
  port 8080
  ${features}
  ${limits}
exit
source-https "secure"
  port 8443
  ${features}
  ssl-server a
exit
`;
  tree = treeOf({
    "usrcerts/d/a.key": certificates.read("a.key").toString(),
    "usrcerts/d/a.pem": certificates.read("a.pem").toString(),
    "config/auto-startup.cfg": 'domain "d"\n  visible-domain default\nexit\n',
    "config/d/d.cfg": crypto + echoService(["plain", "secure"], "  front-timeout 2\n"),
    "local/d/main.js": echoScript,
  });
  gateway = await serveGateway({ root: tree.root, log: () => {}, portFor: () => 0 });
  expect(gateway.health().services).toMatchObject([{ state: "up", reasons: [] }]);
});

afterAll(async () => {
  await gateway.close();
  tree[Symbol.dispose]();
  certificates[Symbol.dispose]();
});

function portOf(handler: string): number {
  return gateway.ports.find((port) => port.handler === handler)!.port;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly reset: number;
}

function ask(
  session: ClientHttp2Session,
  headers: Record<string, string>,
  body?: string | Buffer,
): Promise<Answer> {
  return new Promise((resolve) => {
    const stream = session.request(headers, { endStream: body === undefined });
    let status = 0;
    let text = "";
    stream.on("response", (answer) => {
      status = answer[":status"]!;
    });
    stream.on("data", (part) => (text += String(part)));
    stream.on("error", () => {});
    stream.on("close", () => resolve({ status, body: text, reset: stream.rstCode }));
    if (body !== undefined) stream.end(body);
  });
}

test("over TLS, the protocol is chosen by ALPN", async () => {
  const address = `https://localhost:${portOf("secure")}`;
  const session = connect(address, { ca: certificates.read("a.pem") });
  const answer = await ask(session, { ":path": "/x?y", ":method": "POST" }, "body");
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toEqual({ method: "POST", uri: "/x?y", protocol: "https" });
  session.close();
});

test("without TLS both are understood, however the first bytes are split", async () => {
  const port = portOf("plain");
  const session = connect(`http://127.0.0.1:${port}`);
  expect(await ask(session, { ":path": "/" })).toMatchObject({ status: 200 });
  session.close();
  const plain = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  expect(await exchange(port, plain)).toMatch(/^HTTP\/1\.1 200 /);
  const answer = await new Promise<string>((resolve) => {
    const socket = connectPlain(port, "127.0.0.1");
    let text = "";
    socket.on("data", (part) => (text += String(part)));
    socket.on("close", () => resolve(text));
    socket.write("P");
    setTimeout(() => socket.write("RI * HTTP/1.1\r\n\r\n"), 20);
  });
  expect(answer).toMatch(/^HTTP\/1\.1 4/);
});

test("limits, refusals and heads without a body", async () => {
  const session = connect(`http://127.0.0.1:${portOf("plain")}`);
  const statusOf = async (headers: Record<string, string>): Promise<number> =>
    (await ask(session, headers)).status;
  expect(await statusOf({ ":path": "/", ":method": "DELETE" })).toBe(405);
  expect(await statusOf({ ":path": `/${"x".repeat(100)}` })).toBe(414);
  const many = Object.fromEntries(Array.from({ length: 21 }, (_, at) => [`x-${at}`, "1"]));
  expect(await statusOf({ ":path": "/", ...many })).toBe(431);
  expect(await statusOf({ ":path": "/", expect: "more" })).toBe(417);
  expect(await ask(session, { ":path": "/", ":method": "HEAD" })).toMatchObject({
    status: 200,
    body: "",
  });
  expect(session.remoteSettings.maxConcurrentStreams).toBe(5);
  session.close();
});

test("many requests at once on one connection, more than there are streams", async () => {
  const session = connect(`http://127.0.0.1:${portOf("plain")}`);
  await new Promise((resolve) => session.once("remoteSettings", resolve));
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, at) => ask(session, { ":path": `/${at}` })),
  );
  answers.forEach((answer, at) => {
    expect(JSON.parse(answer.body)).toMatchObject({ uri: `/${at}` });
  });
  session.close();
});

test("an upload that is cut or never comes ends alone; its connection goes on", async () => {
  const session = connect(`http://127.0.0.1:${portOf("plain")}`);
  const cut = session.request({ ":path": "/", ":method": "POST" });
  cut.write("a");
  await new Promise((resolve) => setTimeout(resolve, 50));
  cut.close(constants.NGHTTP2_CANCEL);
  const silent = session.request({ ":path": "/", ":method": "POST" });
  silent.on("error", () => {});
  silent.write("a");
  expect(await ask(session, { ":path": "/after" })).toMatchObject({ status: 200 });
  const code = await new Promise((resolve) => silent.on("close", () => resolve(silent.rstCode)));
  expect(code).toBe(constants.NGHTTP2_CANCEL);
  session.close();
});

test("an Expect is answered once the body is wanted", async () => {
  const session = connect(`http://127.0.0.1:${portOf("plain")}`);
  const stream = session.request({ ":path": "/", ":method": "POST", expect: "100-continue" });
  await new Promise((resolve) => stream.on("continue", resolve));
  stream.end("now");
  const status = await new Promise((resolve) => {
    stream.on("response", (headers) => resolve(headers[":status"]));
  });
  expect(status).toBe(200);
  session.close();
});
