import { expect, test } from "vitest";
import { serveGateway } from "../src/serve/serve-gateway.ts";
import { echoService } from "./support/echo-service.ts";
import { exchange } from "./support/raw-client.ts";
import { treeOf } from "./support/tree.ts";

const config = `top; configure terminal;
source-http "front"
  allowed-features "HTTP-1.1+POST"
  port 8080
exit
${echoService(["front"])}`;

/** Each run keeps what it saw in a variable of its module, a context and a variable, then compares. */
const script = `
const sm = require('service-metadata');
const state = require('./state.js');
state.uri = sm.URI;
sm.setVar('var://context/own/uri', sm.URI);
session.createContext('own').write(sm.URI);
(async () => {
  for (let turn = 0; turn < 5; turn++) await null;
  session.input.readAsJSON((error, body) => {
    session.name('own').readAsBuffer((problem, bytes) => {
      if (body.fail) throw new Error('asked for');
      if (body.spin) for (;;) {}
      session.output.write([body.n, state.uri, sm.getVar('var://context/own/uri'), bytes.toString(), sm.URI]);
    });
  });
})();
`;

test("hundreds of requests at once see only their own state; those that fail harm no other", async () => {
  using tree = treeOf({
    "config/auto-startup.cfg": 'domain "d"\nexit\n',
    "config/d/d.cfg": config,
    "local/d/main.js": script,
    "local/d/state.js": "exports.uri = undefined;\n",
  });
  const gateway = await serveGateway({
    root: tree.root,
    log: () => {},
    portFor: () => 0,
    scriptLimit: 1500,
  });
  const { port } = gateway.ports[0]!;
  const answers = await Promise.all(
    Array.from({ length: 400 }, (_, n) => {
      const body = JSON.stringify({ n, fail: n % 7 === 3, spin: n === 200 });
      return exchange(
        port,
        `POST /${n} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
    }),
  );
  for (const [n, answer] of answers.entries()) {
    const uri = `/${n}`;
    const expected =
      n % 7 === 3 || n === 200
        ? "<faultstring>Internal Error (from client)</faultstring>"
        : JSON.stringify([n, uri, uri, uri, uri]);
    expect(answer).toContain(expected);
  }
  await gateway.close();
});
