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

/** Loops of which no promise can be the cause: such a script runs as soon as its request is there. */
const plainScript = `
const URI = require('service-metadata').getVar('var://service/URI');
if (URI === '/loop') try { for (;;); } finally { for (;;); }
if (URI === '/sort') [2, 1].sort(() => { for (;;); });
if (URI === '/pattern') /^(a+)+$/.test('a'.repeat(60) + 'b');
if (URI === '/json') for (;;) JSON.parse('['.repeat(1000) + ']'.repeat(1000));
if (URI === '/calls') for (;;) session.output.write(session.input);
if (URI === '/later') session.input.readAsBuffer(() => { for (;;); });
session.output.write(URI);
`;

const watched = [
  {
    name: "scripts with modules",
    script,
    endless: ["/loop", "/sort", "/pattern", "/json", "/xpath", "/dom", "/hash"],
  },
  {
    name: "plain scripts",
    script: plainScript,
    endless: ["/loop", "/sort", "/pattern", "/json", "/calls", "/later"],
  },
] as const;

/** More runs than it takes until another thread watches, see ScriptRunner. */
const runsBefore = 150;

test.each(watched)(
  "a busy gateway stops each script that does not end, and only that one: $name",
  async ({ script, endless }) => {
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
  },
);

/** The same with an error rule, whose answer does not end the connection. */
const configWithErrorRule = (port: number): string =>
  `action "error"
  type gatewayscript
  input "NULL"
  gatewayscript-location "local:///error.js"
  output "OUTPUT"
exit
rule "error"
  type error-rule
  action "error"
exit
${config(port)}`.replace('match "all" "rule"', 'match "all" "rule"\n  match "all" "error"');

test("requests sent along with one whose script is stopped are answered, in order", async () => {
  const port = await freePort();
  using tree = treeOf({
    "config/auto-startup.cfg": 'domain "d"\nexit\n',
    "config/d/d.cfg": configWithErrorRule(port),
    "local/d/main.js": plainScript,
    "local/d/error.js": "session.output.write('stopped');",
  });
  const child = await startProgram(tree.root, port, { GATEWAY_SCRIPT_LIMIT: "400" });
  const ask = async (uris: readonly string[]): Promise<string[]> => {
    const heads = uris.map((uri) => `GET ${uri} HTTP/1.1\r\nHost: a\r\n`);
    const text = await exchange(port, `${heads.join("\r\n")}Connection: close\r\n\r\n`);
    return [...text.matchAll(/\r\n[0-9a-f]+\r\n(.*)\r\n0\r\n\r\n/g)].map(([, body]) => body!);
  };
  try {
    const before = Array.from({ length: runsBefore }, (_, n) => `/before-${n}`);
    expect(await ask(before)).toEqual(before);
    expect(await ask(["/0"])).toEqual(["/0"]);
    const answers = await ask(["/loop", "/1", "/2", "/later", "/3"]);
    expect(answers).toEqual(["stopped", "/1", "/2", "stopped", "/3"]);
    expect(await ask(["/4", "/sort", "/5"])).toEqual(["/4", "stopped", "/5"]);
  } finally {
    expect(await endProgram(child)).toBe(0);
  }
});
