import { expect, test } from "vitest";
import { echoService } from "./support/echo-service.ts";
import { freePort } from "./support/free-port.ts";
import { endProgram, startProgram } from "./support/gateway-program.ts";
import { exchange } from "./support/raw-client.ts";
import { treeOf } from "./support/tree.ts";

const config = (port: number): string => `top; configure terminal;
source-http "front"
  allowed-features "HTTP-1.1+GET"
  local-address 127.0.0.1
  port ${port}
exit
${echoService(["front"])}`;

const script = `
const { URI } = require('service-metadata');
if (URI === '/loop') try { for (;;); } finally { for (;;); }
if (URI === '/sort') [2, 1].sort(() => { for (;;); });
if (URI === '/pattern') /^(a+)+$/.test('a'.repeat(60) + 'b');
if (URI === '/json') for (;;) JSON.parse('['.repeat(1000) + ']'.repeat(1000));
if (URI === '/xpath') {
  const dom = XML.parse('<a>' + '<b/>'.repeat(1000) + '</a>');
  require('transform').xpath('//*[count(//*[count(//*) > 0]) > 0]', dom, () => {});
}
if (URI === '/dom') for (const dom = XML.parse('<a/>'); ; ) dom.documentElement.appendChild(dom.createElement('b'));
if (URI === '/hash') for (;;) require('crypto').createHash('sha256').update('x').digest();
session.output.write(URI);
`;

/** More runs than it takes until another thread watches, see ScriptRunner. */
const runsBefore = 150;

test("a busy gateway stops each script that does not end, and only that one", async () => {
  const port = await freePort();
  using tree = treeOf({
    "config/auto-startup.cfg": 'domain "d"\nexit\n',
    "config/d/d.cfg": config(port),
    "local/d/main.js": script,
  });
  const child = await startProgram(tree.root, port, { GATEWAY_SCRIPT_LIMIT: "400" });
  const ask = (uri: string): Promise<string> =>
    exchange(port, `GET ${uri} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  try {
    for (let run = 0; run < runsBefore; run++) await ask(`/${run}`);
    const endless = ["/loop", "/sort", "/pattern", "/json", "/xpath", "/dom", "/hash"];
    const uris = Array.from({ length: endless.length * 20 }, (_, n) =>
      n % 20 === 7 ? endless[Math.floor(n / 20)]! : `/${n}`,
    );
    const answers = await Promise.all(uris.map(ask));
    for (const [n, answer] of answers.entries()) {
      const stopped = "<faultstring>Internal Error (from client)</faultstring>";
      expect(answer).toContain(n % 20 === 7 ? stopped : `\r\n${uris[n]}\r\n`);
    }
    expect(await ask("/still-here")).toContain("/still-here");
  } finally {
    expect(await endProgram(child)).toBe(0);
  }
});
