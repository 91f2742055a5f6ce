import { createServer, type Server } from "node:http";
import { request as secureRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Gateway, serveGateway } from "../src/serve/serve-gateway.ts";
import { type Certificates, makeCertificates } from "./support/certificates.ts";
import { treeOf } from "./support/tree.ts";

/** Limits of whole services: the time of a transaction, loops, and a firewall over TLS. */
let certificates: Certificates;
let tree: ReturnType<typeof treeOf>;
let silent: Server;
let gateway: Gateway;

beforeAll(async () => {
  certificates = makeCertificates();
  certificates.issue("server", { names: "DNS:localhost" });
  silent = createServer((request, response) => {
    if (request.url === "/now") response.end("answered");
  });
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { port } = silent.address() as AddressInfo;
  tree = treeOf({
    "usrcerts/d/server.key": certificates.read("server.key").toString(),
    "usrcerts/d/server.pem": certificates.read("server.pem").toString(),
    "config/auto-startup.cfg": 'domain "d"\n  visible-domain default\nexit\n',
    "config/d/d.cfg": configuration(`http://127.0.0.1:${port}`),
    "local/d/via.js": `const hm = require("header-metadata");
session.output.write(String(hm.current.headers.Via));
`,
  });
  gateway = await serveGateway({ root: tree.root, log: () => {}, portFor: () => 0 });
  expect(gateway.health().services.flatMap(({ reasons }) => reasons)).toEqual([]);
});

afterAll(async () => {
  await gateway.close();
  silent.closeAllConnections();
  silent.close();
  tree[Symbol.dispose]();
  certificates[Symbol.dispose]();
});

function portOf(service: string): number {
  return gateway.ports.find((port) => port.service === service)!.port;
}

test("a transaction that takes too long ends with an error, others do not", async () => {
  const url = `http://127.0.0.1:${portOf("timed")}`;
  const late = await fetch(`${url}/never`);
  expect(late.status).toBe(500);
  expect(await late.text()).toContain("Internal Error (from client)");
  const quick = await fetch(`${url}/now`);
  expect([quick.status, await quick.text()]).toEqual([200, "answered"]);
});

test("a request that has passed a service fails there the second time", async () => {
  const url = `http://127.0.0.1:${portOf("looping")}/`;
  const first = await fetch(url);
  const via = await first.text();
  expect([first.status, via]).toEqual([200, expect.stringMatching(/^1\.1 \S+$/)]);
  const again = await fetch(url, { headers: { Via: via } });
  expect(again.status).toBe(500);
  const others = await fetch(url, { headers: { Via: "1.1 another" } });
  expect([others.status, await others.text()]).toEqual([200, `1.1 another,${via}`]);
});

test("a firewall speaks TLS on its own port", async () => {
  const options = {
    port: portOf("wall"),
    host: "127.0.0.1",
    servername: "localhost",
    ca: certificates.read("server.pem"),
    path: "/x",
  };
  const text = await new Promise<string>((resolve, reject) => {
    const outgoing = secureRequest(options, (answer) => {
      let body = "";
      answer.on("data", (part) => {
        body += String(part);
      });
      answer.on("end", () => resolve(`${answer.statusCode} ${body}`));
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
  expect(text).toMatch(/^200 1\.1 \S+$/);
});

function configuration(backend: string): string {
  return `crypto
key "server" "cert:///server.key"
certificate "server" "cert:///server.pem"
idcred "server" "server" "server"
ssl-server "server"
  idcred "server"
exit
exit
action "via"
  type gatewayscript
  input "INPUT"
  gatewayscript-location "local:///via.js"
  output "OUTPUT"
exit
action "skip"
  type setvar
  variable "var://service/mpgw/skip-backside"
  value "1"
exit
action "pass"
  type results
  input "INPUT"
exit
rule "via"
  type request-rule
  action "via"
  action "skip"
exit
rule "pass"
  type request-rule
  action "pass"
exit
matching "all"
  urlmatch "*"
exit
stylepolicy "via"
  match "all" "via"
exit
stylepolicy "pass"
  match "all" "pass"
exit
source-http "timed"
  port 8080
  allowed-features "HTTP-1.1+GET"
exit
source-http "looping"
  port 8081
  allowed-features "HTTP-1.1+GET"
exit
mpgw "timed"
  front-protocol timed
  stylepolicy pass
  type static-backend
  backend-url "${backend}"
  request-type preprocessed
  response-type preprocessed
  transaction-timeout 1
exit
mpgw "looping"
  front-protocol looping
  stylepolicy via
  type dynamic-backend
  request-type preprocessed
  response-type preprocessed
  loop-detection
exit
xmlfirewall "wall"
  local-address 127.0.0.1 8443
  remote-address "%loopback%"
  stylesheet-policy via
  request-type preprocessed
  ssl-server server
exit
`;
}
