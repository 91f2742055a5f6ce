import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Gateway, serveGateway } from "../src/serve/serve-gateway.ts";
import { type Certificates, makeCertificates } from "./support/certificates.ts";
import { treeOf } from "./support/tree.ts";

/** Actions that send over TLS with an ssl-client of their own. */
let certificates: Certificates;
let tree: ReturnType<typeof treeOf>;
let server: Server;
let gateway: Gateway;

beforeAll(async () => {
  certificates = makeCertificates();
  certificates.issue("ca", { ca: true });
  certificates.issue("other", { ca: true });
  certificates.issue("server", { issuer: "ca", names: "IP:127.0.0.1" });
  server = createServer(
    { key: certificates.read("server.key"), cert: certificates.read("server.pem") },
    (request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        response.end(`${request.method} ${request.url} ${Buffer.concat(parts).toString()}`);
      });
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const port = (server.address() as AddressInfo).port;
  tree = treeOf({
    "usrcerts/d/ca.pem": certificates.read("ca.pem").toString(),
    "usrcerts/d/other.pem": certificates.read("other.pem").toString(),
    "config/auto-startup.cfg": 'domain "d"\n  visible-domain default\nexit\n',
    "config/d/d.cfg": configuration(`https://127.0.0.1:${port}`),
  });
  gateway = await serveGateway({ root: tree.root, log: () => {}, portFor: () => 0 });
  expect(gateway.health().services).toMatchObject([{ state: "up", reasons: [] }]);
});

afterAll(async () => {
  await gateway.close();
  server.closeAllConnections();
  server.close();
  tree[Symbol.dispose]();
  certificates[Symbol.dispose]();
});

const cases = `
fetch trusted 200 GET /fetched
fetch strange 500 Internal Error (from client)
results trusted 200 POST /sent body
results strange 500 Internal Error (from client)
route-set trusted 200 POST /routed body
route-set strange 500 Failed to establish a backside connection (from client)
`
  .trim()
  .split("\n");

test.each(cases)("%s", async (line) => {
  const [action, profile, status, ...body] = line.split(" ");
  const url = `http://127.0.0.1:${gateway.ports[0]!.port}/${action}-${profile}`;
  const answer = await fetch(url, { method: "POST", body: "body" });
  const text = await answer.text();
  expect([
    answer.status,
    /<faultstring>(.*)<\/faultstring>/.exec(text)?.[1] ?? text.trim(),
  ]).toEqual([Number(status), body.join(" ")]);
});

function configuration(backend: string): string {
  const profiles = ["trusted", "strange"];
  const kinds = [
    ["fetch", `destination ${backend}/fetched`, "skip", "show"],
    ["results", `destination ${backend}/sent`, "skip", "show"],
    ["route-set", `destination ${backend}/routed`, "copy"],
  ] as const;
  const client = (name: string, ca: string): string => `crypto
certificate "${ca}" "cert:///${ca}.pem"
valcred "${name}"
  certificate "${ca}"
exit
ssl-client "${name}"
  validate-server-cert on
  valcred "${name}"
exit
exit
`;
  const rules = profiles.flatMap((profile) =>
    kinds.map(([type, line, ...after]) => {
      const name = `${type}-${profile}`;
      return `action "${name}"
  type ${type}
  input "INPUT"
  output "made"
  ${line}
  ssl-client ${profile}
exit
rule "${name}"
  type request-rule
  action "${name}"
${after.map((each) => `  action "${each}"\n`).join("")}exit
matching "${name}"
  urlmatch "/${name}"
exit
stylepolicy "policy"
  match "${name}" "${name}"
exit
`;
    }),
  );
  return `${client("trusted", "ca")}${client("strange", "other")}
action "skip"
  type setvar
  variable "var://service/mpgw/skip-backside"
  value "1"
exit
action "show"
  type results
  input "made"
exit
action "copy"
  type results
  input "INPUT"
exit
${rules.join("")}
source-http "front"
  port 8080
exit
mpgw "service"
  front-protocol front
  stylepolicy policy
  type dynamic-backend
  request-type preprocessed
  response-type preprocessed
exit
`;
}
