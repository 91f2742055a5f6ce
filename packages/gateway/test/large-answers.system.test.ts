import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ProxyGateway, proxyGateway } from "./support/proxy-gateway.ts";

/**
 * What `urlopen` of a script makes of answers that are large, come in many parts, or never end: a
 * script hears of one when its head is there, of a small one with a length when all of it is.
 */
let backend: Server;
let answered: ServerResponse | undefined;
let bench: ProxyGateway;
const part = Buffer.alloc(1_000_000, "x");

const script = (port: number): string => `
const sm = require('service-metadata');
const urlopen = require('urlopen');
const target = 'http://127.0.0.1:${port}' + sm.URI;
urlopen.open({ target, timeout: 2 }, function (error, response) {
  if (error) { session.output.write('no answer: ' + error.errorMessage); return; }
  if (/unread/.test(target)) { session.output.write('not read'); return; }
  if (/head/.test(target)) {
    urlopen.open(target.replace('head', 'go'), function () {
      response.readAsBuffer(function (e, bytes) { session.output.write('head ' + response.statusCode + ' ' + bytes.toString().replace('headwhole', 'later')); });
    });
    return;
  }
  if (/discard/.test(target)) { response.discard(function (e) { session.output.write('discarded ' + e); }); return; }
  response.readAsBuffer(function (unreadable, bytes) {
    session.output.write(unreadable ? 'unreadable: ' + unreadable.errorMessage : response.statusCode + ' ' + bytes.length);
  });
});
sm.mpgw.skipBackside = true;
`;

beforeAll(async () => {
  backend = createServer((request, response) => {
    const [, kind = "", parts = "0"] = (request.url ?? "").split("/");
    if (kind === "silent") response.write("begun");
    else if (kind === "head") {
      response.write("head");
      answered = response;
    } else if (kind === "go") {
      // the script asks for this once it has the head of the other answer
      answered?.end("whole");
      response.end();
    } else if (kind === "drops") {
      const drip = setInterval(() => response.write("."), 100);
      response.on("close", () => clearInterval(drip));
    } else if (kind === "cut")
      response.writeHead(200, { "Content-Length": parts }).write("half", () => response.destroy());
    else {
      if (kind === "length") response.setHeader("Content-Length", Number(parts) * part.length);
      pour(response, Number(parts));
    }
  });
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
  const { port } = backend.address() as AddressInfo;
  const objects = `action "ask"
  type gatewayscript
  input "INPUT"
  gatewayscript-location "local:///ask.js"
  output "OUTPUT"
exit
`;
  bench = await proxyGateway([{ name: "s", actions: "ask" }], objects, {
    "local/d/ask.js": script(port),
  });
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
  backend?.closeAllConnections();
  backend?.close();
});

function pour(response: ServerResponse, parts: number): void {
  for (let left = parts; left > 0; left--) {
    if (response.write(part)) continue;
    response.once("drain", () => pour(response, left - 1));
    return;
  }
  response.end();
}

async function ask(path: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${bench.port()}${path}`);
  return `${answer.status} ${await answer.text()}`;
}

test.each([
  ["/length/20", "200 200 20000000"],
  ["/chunks/20", "200 200 20000000"],
  ["/chunks/0", "200 200 0"],
  ["/chunks/70", /^200 unreadable: .*larger than 64 MiB/],
  ["/length/70", /^200 unreadable: .*larger than 64 MiB/],
  ["/discard/5", "200 discarded undefined"],
  ["/cut/9", /^200 no answer: .*cannot be opened: the connection ended/],
  ["/cut/20000", /^200 unreadable: the response cannot be read: the connection ended/],
  ["/silent/0", /^200 unreadable: the response cannot be read: ./],
  ["/drops/0", /^200 unreadable: .*did not come whole in the time/],
  ["/head/0", "200 head 200 later"],
  ["/silent/unread", "200 not read"],
])(
  "an answer to urlopen: %s",
  async (path, expected) => {
    const answer = await ask(path);
    if (typeof expected === "string") expect(answer).toBe(expected);
    else expect(answer).toMatch(expected);
  },
  30_000,
);

test("the connections of answers that were not taken are gone, and others are served", async () => {
  expect(await ask("/length/1")).toBe("200 200 1000000");
  const open = (): Promise<number> =>
    new Promise((resolve) => backend.getConnections((_, count) => resolve(count)));
  const deadline = Date.now() + 5000;
  // the one of the last answer is kept
  while ((await open()) > 1 && Date.now() < deadline) await new Promise((on) => setTimeout(on, 20));
  expect(await open()).toBeLessThanOrEqual(1);
});
