import { connect } from "node:net";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadConfiguration } from "../src/config/load.ts";
import { openLog } from "../src/log.ts";
import { readAccessList } from "../src/plan/access-list.ts";
import { Refusals } from "../src/plan/refusals.ts";
import { type Gateway, serveGateway } from "../src/serve/serve-gateway.ts";
import { echoScript, echoService } from "./support/echo-service.ts";
import { exchange } from "./support/raw-client.ts";
import { treeOf } from "./support/tree.ts";

let tree: ReturnType<typeof treeOf>;
let gateway: Gateway;
let log = "";

const features = 'allowed-features "HTTP-1.0+HTTP-1.1+GET+POST+HEAD+QueryString"';

beforeAll(async () => {
  const config = `acl "others"
  deny 127.0.0.0/8
  allow any
exit
acl "local"
  entry allow 127.0.0.1
exit
source-http "closed"
  acl others
  ${features}
exit
source-http "open"
  acl local
  ${features}
exit
source-http "packed"
  compression on
  ${features}
exit
source-http "counted"
  chunked-encoding off
  ${features}
exit
`;
  const echoBody = `session.input.readAsBuffer((error, bytes) => {
  if (error) throw error;
  session.output.write(bytes.length > 0 ? bytes : Buffer.from("empty"));
});`;
  tree = treeOf({
    "config/auto-startup.cfg": 'domain "d"\n  visible-domain default\nexit\n',
    "config/d/d.cfg": config + echoService(["closed", "open", "packed", "counted"]),
    "local/d/main.js": echoBody,
    "local/d/other.js": echoScript,
  });
  const sink = openLog((line) => (log += line), "info");
  gateway = await serveGateway({ root: tree.root, log: sink, portFor: () => 0 });
  expect(gateway.health().services).toMatchObject([{ state: "up", reasons: [] }]);
});

afterAll(async () => {
  await gateway.close();
  tree[Symbol.dispose]();
});

function portOf(handler: string): number {
  return gateway.ports.find((port) => port.handler === handler)!.port;
}

const post = (headers: string, body: string): string =>
  `POST /x HTTP/1.1\r\nHost: a\r\n${headers}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;

test("an access list turns clients away before anything is read", async () => {
  expect(await exchange(portOf("open"), post("", "a"))).toMatch(/^HTTP\/1\.1 200 /);
  expect(await exchange(portOf("closed"), "").catch(() => "")).toBe("");
  expect(log).toContain("client 127.0.0.1 is not in the access list");
});

test.each([
  ["allow 10.0.0.0/8", "10.1.2.3", true],
  ["allow 10.0.0.0/8", "11.1.2.3", false],
  ["allow 10.0.0.0 255.0.0.0", "10.1.2.3", true],
  ["allow 0.0.0.0", "9.9.9.9", true],
  ["allow 0.0.0.0", "::1", false],
  ["allow ::/0", "9.9.9.9", true],
  ["allow ::1", "::1", true],
  ["deny 9.0.0.0/8; allow any", "9.9.9.9", false],
  ["deny 9.0.0.0/8; allow any any", "8.9.9.9", true],
  ["allow any; deny 9.0.0.0/8", "9.9.9.9", true],
  ["deny 9.0.0.0/8", "8.8.8.8", false],
])("%s for %s: %s", (clauses, address, expected) => {
  const { admits, whys } = listOf(clauses);
  expect(whys).toEqual([]);
  expect(admits?.(address)).toBe(expected);
});

test.each(["allow nobody", "allow 10.0.0.0/33", "allow 10.0.0.0 255.0.255.0", "permit any"])(
  "%s is not understood",
  (clause) => {
    expect(listOf(clause).whys).toEqual([`clause "${clause}" is not understood`]);
  },
);

function listOf(clauses: string) {
  using own = treeOf({
    "config/auto-startup.cfg": `acl "l"\n${clauses.replaceAll("; ", "\n")}\nexit\nsource-http "s"\n  acl l\nexit\n`,
  });
  const configuration = loadConfiguration(own.root);
  expect(configuration.problems.filter(({ message }) => /allow|deny/.test(message))).toEqual([]);
  const handler = configuration.domains.get("default")!.objects.get("HTTPSourceProtocolHandler/s")!;
  const refusals = new Refusals(handler);
  const admits = readAccessList(handler, configuration, refusals);
  return { admits, whys: refusals.list.map(({ why }) => why) };
}

test("gzip for who accepts it, and from who sends it", async () => {
  const text = "again and again ".repeat(200);
  const plain = await talk("packed", Buffer.from(post("", text)));
  expect(plain.head).not.toMatch(/content-encoding/i);
  const packed = await talk("packed", Buffer.from(post("Accept-Encoding: br, gzip\r\n", text)));
  expect(packed.head).toMatch(/^Content-Encoding: gzip\r$/m);
  expect(packed.head).toMatch(/^Vary: Accept-Encoding\r$/m);
  expect(packed.body.length).toBeLessThan(200);
  expect(gunzipSync(packed.body).toString()).toBe(text);
  const refused = await talk("packed", Buffer.from(post("Accept-Encoding: gzip;q=0\r\n", text)));
  expect(refused.head).not.toMatch(/content-encoding/i);
  const sent = gzipSync(text);
  const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: ${sent.length}\r\nConnection: close\r\n\r\n`;
  const expanded = await talk("packed", Buffer.concat([Buffer.from(head), sent]));
  expect(expanded.body.toString()).toBe(text);
  const broken = Buffer.concat([Buffer.from(head), sent.fill(0, 20)]);
  expect((await talk("packed", broken)).head).toMatch(/^HTTP\/1\.1 500 /);
});

test("without chunks an answer has a length", async () => {
  const answer = await exchange(portOf("counted"), post("", "abc"));
  expect(answer).toMatch(/\r\nContent-Length: 3\r\n\r\nabc$/);
  expect(answer).not.toMatch(/transfer-encoding/i);
});

/** One exchange in bytes, chunks taken off. */
function talk(handler: string, request: Buffer): Promise<{ head: string; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const socket = connect(portOf(handler), "127.0.0.1");
    const parts: Buffer[] = [];
    socket.on("data", (part) => parts.push(part));
    socket.on("error", reject);
    socket.on("end", () => {
      socket.end();
      const all = Buffer.concat(parts);
      const end = all.indexOf("\r\n\r\n");
      const head = all.toString("latin1", 0, end + 2);
      const body = all.subarray(end + 4);
      resolve({ head, body: /chunked/i.test(head) ? unchunked(body) : body });
    });
    socket.write(request);
  });
}

function unchunked(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = bytes.indexOf("\r\n", at);
    const size = Number.parseInt(bytes.toString("latin1", at, end), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}
