import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Gateway, serveGateway } from "../src/serve/serve-gateway.ts";
import { treeOf } from "./support/tree.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
/** Shapes of HTTP that real servers meet; a backend records what of them reaches it. */
const cases = readFileSync(join(import.meta.dirname, "cases/wire/cases.txt"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split(" | ").map((part) => part.trim()) as [string, string, string, string]);

let tree: ReturnType<typeof treeOf>;
let gateway: Gateway;
let backend: Server;
let recorded: string[] = [];
const broken: string[] = [];

beforeAll(async () => {
  backend = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      recorded.push(`${request.method} ${request.url}=${Buffer.concat(parts).toString("latin1")}`);
      const status = Number(/^\/(204|304)$/.exec(request.url!)?.[1] ?? 200);
      response.writeHead(status).end(status === 200 ? "fine" : undefined);
    });
  });
  backend.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    broken.push(error.code ?? error.message);
    socket.destroy();
  });
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
  const { port } = backend.address() as AddressInfo;
  const service = (name: string, type: string): string => `source-http "${name}"
  allowed-features "HTTP-1.0+HTTP-1.1+GET+HEAD+POST+QueryString"
  header-timeout 1500
exit
mpgw "${name}"
  front-protocol ${name}
  stylepolicy policy
  type static-backend
  backend-url "http://127.0.0.1:${port}"
  request-type ${type}
  response-type ${type}
  front-timeout 2
exit
`;
  tree = treeOf({
    "config/auto-startup.cfg": `action "pass"
  type results
  input "INPUT"
  output "OUTPUT"
exit
rule "rule"
  type request-rule
  action "pass"
exit
matching "all"
  urlmatch "*"
exit
stylepolicy "policy"
  match "all" "rule"
exit
${service("collected", "preprocessed")}${service("streamed", "unprocessed")}`,
  });
  gateway = await serveGateway({ root: tree.root, log: () => {}, portFor: () => 0 });
  const up = { state: "up", reasons: [] };
  expect(gateway.health().services).toMatchObject([up, up]);
});

afterAll(async () => {
  await gateway.close();
  backend.closeAllConnections();
  backend.close();
  tree[Symbol.dispose]();
});

/** The message is collected first, so that nothing unfinished can reach the backend. */
test.each(cases)("%s", async (_, sent, statuses, wanted) => {
  const bytes = bytesOf(sent);
  const ends = sent.endsWith("{end}");
  for (const pieces of [[bytes], piecesOf(bytes)]) {
    recorded = [];
    const answer = await talk("collected", pieces, ends);
    expect(statusesOf(answer)).toMatch(patternOf(statuses));
    expect(recorded.join(" ") || "-").toBe(wanted);
  }
});

/** The backend gets the body while it comes: an unfinished one may reach it, but never as whole. */
test.each(cases)("streamed: %s", async (_, sent, statuses, wanted) => {
  const bytes = bytesOf(sent);
  recorded = [];
  const answer = await talk("streamed", [bytes], sent.endsWith("{end}"));
  expect(statusesOf(answer)).toMatch(patternOf(statuses));
  expect(recorded.join(" ") || "-").toBe(wanted);
});

test("the backend never got what it could not read, but at most the end of its connection", () => {
  expect(broken.filter((code) => !/^(?:ECONNRESET|HPE_INVALID_EOF_STATE)$/.test(code))).toEqual([]);
});

test("an upload that is cut at any byte reaches the backend whole or not at all", async () => {
  const whole =
    "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  recorded = [];
  for (const handler of ["collected", "streamed"]) {
    await Promise.all(
      Array.from({ length: whole.length }, (_, cut) =>
        talk(handler, [Buffer.from(whole.slice(0, cut), "latin1")], true),
      ),
    );
  }
  expect(recorded).toEqual([]);
});

test("slow clients: a header, a body and a reader that stand still are ended", async () => {
  const silent = [
    "GET /a HTTP/1.1\r\nHo",
    "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab",
  ];
  const answers = await Promise.all(
    silent.map((text) => talk("collected", [Buffer.from(text)], false)),
  );
  expect(answers.map(statusesOf)).toEqual(["408", ""]);
});

test("thousands of rough connections leave no socket and little memory behind", async () => {
  const round = async (): Promise<void> => {
    for (let at = 0; at < cases.length; at += 10) {
      await Promise.all(
        cases.slice(at, at + 10).map(([, sent]) => talk("streamed", [bytesOf(sent)], true)),
      );
    }
  };
  const sockets = (): number =>
    process.getActiveResourcesInfo().filter((name) => /TCPSocketWrap/.test(name)).length;
  const heap = (): number => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  for (let times = 0; times < 5; times++) await round();
  const before = { sockets: sockets(), heap: heap() };
  for (let times = 0; times < 15; times++) await round();
  await new Promise((resolve) => setTimeout(resolve, 2500));
  // connections to the backend are kept: as many as were needed at once
  expect(sockets()).toBeLessThanOrEqual(Math.max(before.sockets, 24));
  expect(heap() - before.heap).toBeLessThan(8 * 1024 * 1024);
});

function talk(handler: string, pieces: readonly Buffer[], ends: boolean): Promise<string> {
  return new Promise((resolve) => {
    const { port } = gateway.ports.find((each) => each.handler === handler)!;
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    let answer = "";
    socket.on("data", (part) => (answer += part.toString("latin1")));
    socket.on("error", () => {});
    socket.on("end", () => socket.destroy());
    socket.on("close", () => resolve(answer));
    void send(socket, pieces, ends);
  });
}

async function send(socket: Socket, pieces: readonly Buffer[], ends: boolean): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return;
    socket.write(piece);
    if (pieces.length > 1) await new Promise((resolve) => setImmediate(resolve));
  }
  if (ends) socket.end();
}

/** Single bytes where that is not too long, else a few pieces. */
function piecesOf(bytes: Buffer): Buffer[] {
  const size = bytes.length > 1000 ? Math.ceil(bytes.length / 7) : 1;
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
}

function bytesOf(text: string): Buffer {
  const plain = text
    .replace(/\{end\}$/, "")
    .replace(/(.)\{(\d+)\}/g, (_, character: string, count) => character.repeat(Number(count)))
    .replaceAll("\\r", "\r")
    .replaceAll("\\n", "\n")
    .replaceAll("\\t", "\t")
    .replaceAll("\\0", "\0")
    .replace(/\\x([0-9a-f]{2})/g, (_, code: string) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    );
  return Buffer.from(plain, "latin1");
}

/** Statuses in their order; a 100 before an answer may come or not where the case has a `*`. */
function statusesOf(answer: string): string {
  return [...answer.matchAll(/HTTP\/1\.1 (\d{3})[^\r]*\r\n/g)].map(([, code]) => code).join(" ");
}

function patternOf(statuses: string): RegExp {
  return new RegExp(`^${statuses.replace("* ", "(?:100 )?")}$`);
}
