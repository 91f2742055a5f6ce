import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readCases } from "../src/casefile/read-cases.ts";
import { runCases } from "../src/casefile/run-cases.ts";
import { makeCertificates } from "./support/certificates.ts";
import { echoScript, echoService } from "./support/echo-service.ts";
import { treeOf } from "./support/tree.ts";

const config = `crypto
key "server" "cert:///server.key"
certificate "server" "cert:///server.pem"
certificate "root" "cert:///root.pem"
idcred "server" "server" "server"
valcred "clients"
  certificate "root"
  cert-validation-mode pkix
exit
ssl-server "tls"
  protocols "TLSv1d2+TLSv1d3"
  idcred "server"
  request-client-auth on
  require-client-auth on
  validate-client-cert on
  valcred "clients"
exit
exit
source-https "front"
  port 8443
  allowed-features "HTTP-1.1+GET"
  ssl-config-type server
  ssl-server "tls"
exit
${echoService(["front"])}`;

const cases = `cases:
  - name: a client with a certificate
    client: { certificate: client.pem, key: client.key }
    expected: { status: 200, json: { protocol: https } }
  - name: a client without one
    expected: { status: 200 }
  - name: a client whose files are not there
    client: { certificate: nobody.pem, key: nobody.key }
    expected: { status: 200 }
`;

test("a case shows a client certificate where it names one", async () => {
  using certificates = makeCertificates();
  certificates.issue("root", { ca: true });
  certificates.issue("server", { names: "DNS:localhost" });
  certificates.issue("client", { issuer: "root", usage: "clientAuth" });
  using made = treeOf({
    "config/auto-startup.cfg": 'domain "d"\nexit\n',
    "config/d/d.cfg": config,
    "local/d/main.js": echoScript,
  });
  cpSync(certificates.folder, join(made.root, "usrcerts/d"), { recursive: true });
  const file = join(certificates.folder, "cases.yaml");
  writeFileSync(file, cases);
  const results = await runCases({ root: made.root, cases: readCases(file), log: () => {} });
  expect(results.map(({ name, failures }) => [name, failures.map(({ what }) => what)])).toEqual([
    ["a client with a certificate", []],
    ["a client without one", ["answer"]],
    ["a client whose files are not there", ["answer"]],
  ]);
  expect(results[2]!.failures[0]!.actual).toContain("nobody");
});
