import { createServer, type Server, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Certificates, makeCertificates } from "./support/certificates.ts";
import { type ProxyGateway, type ProxyService, proxyGateway } from "./support/proxy-gateway.ts";

let certificates: Certificates;
let bench: ProxyGateway;
const servers: Server[] = [];
let handshakes = 0;
let resumed = 0;

beforeAll(async () => {
  certificates = makeCertificates();
  const { issue, openssl, read } = certificates;
  issue("root", { ca: true });
  issue("middle", { ca: true, issuer: "root" });
  issue("right", { issuer: "middle", names: "DNS:back.test,IP:127.0.0.1", usage: "serverAuth" });
  issue("wrong", { issuer: "middle", names: "DNS:other.test" });
  issue("client", { issuer: "root", usage: "clientAuth" });
  issue("stranger", { ca: true });
  openssl(
    ...["x509", "-req", "-in", "right.csr", "-CA", "middle.pem", "-CAkey", "middle.key"],
    ...["-CAcreateserial", "-days", "-1", "-extfile", "right.ext", "-out", "expired.pem"],
  );
  const chain = (name: string): Buffer => Buffer.concat([read(`${name}.pem`), read("middle.pem")]);
  const right = await secureBackend({ key: read("right.key"), cert: chain("right") });
  const wrong = await secureBackend({ key: read("wrong.key"), cert: chain("wrong") });
  const expired = await secureBackend({ key: read("right.key"), cert: chain("expired") });
  const old = await secureBackend({
    key: read("right.key"),
    cert: chain("right"),
    maxVersion: "TLSv1.2",
  });
  const mutual = await secureBackend({
    key: read("right.key"),
    cert: chain("right"),
    ca: read("root.pem"),
    requestCert: true,
    rejectUnauthorized: true,
  });
  const https = (port: number, host = "127.0.0.1"): string => `https://${host}:${port}`;
  const services: ProxyService[] = [
    { name: "plain", backend: https(right), lines: "  ssl-client rooted\n" },
    { name: "legacy", backend: https(right), lines: "  ssl-client issuer\n" },
    { name: "exact", backend: https(right), lines: "  ssl-client exact\n" },
    { name: "not-exact", backend: https(wrong), lines: "  ssl-client exact\n" },
    { name: "anyone", backend: https(expired), lines: "  ssl-client anyone\n" },
    { name: "public", backend: https(right), lines: "  ssl-client public\n" },
    { name: "stranger", backend: https(right), lines: "  ssl-client stranger\n" },
    { name: "expired", backend: https(expired), lines: "  ssl-client rooted\n" },
    { name: "named", backend: https(right, "back.test"), lines: "  ssl-client named\n" },
    { name: "misnamed", backend: https(wrong, "back.test"), lines: "  ssl-client named\n" },
    { name: "noted", backend: https(wrong, "back.test"), lines: "  ssl-client noted\n" },
    { name: "by-address", backend: https(right), lines: "  ssl-client named\n" },
    { name: "custom", backend: https(right), lines: "  ssl-client custom\n" },
    { name: "mutual", backend: https(mutual), lines: "  ssl-client mutual\n" },
    { name: "nameless", backend: https(mutual), lines: "  ssl-client rooted\n" },
    { name: "new-only", backend: https(old), lines: "  ssl-client new-only\n" },
    { name: "cipher", backend: https(right), lines: "  ssl-client cipher\n" },
    { name: "older", backend: https(mutual), lines: "  ssl-client-type proxy\n  ssl older\n" },
    { name: "by-agent", backend: https(right), lines: "  xml-manager agents\n" },
    { name: "routed", actions: "route profile pass" },
    { name: "routed-bare", actions: "route pass" },
    { name: "misrouted", actions: "route nowhere pass" },
    { name: "unsure", backend: https(right) },
    { name: "broken", backend: https(right), lines: "  ssl-client broken\n" },
  ];
  const names = ["root", "middle", "right", "client", "stranger"];
  const files = Object.fromEntries(
    names.flatMap((name) => [
      [`usrcerts/d/${name}.pem`, read(`${name}.pem`).toString()],
      [`usrcerts/d/${name}.key`, read(`${name}.key`).toString()],
    ]),
  );
  bench = await proxyGateway(services, objects(names, right), {
    ...files,
    "config/auto-user.cfg":
      'top; configure terminal;\ndns\n  static-host "back.test" "127.0.0.1"\nexit\n',
  });
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  certificates?.[Symbol.dispose]();
});

function objects(names: readonly string[], port: number): string {
  const client = (name: string, lines: string): string => `ssl-client "${name}"\n${lines}exit\n`;
  return `crypto
${names.map((name) => `key "${name}" "cert:///${name}.key"\ncertificate "${name}" "cert:///${name}.pem"`).join("\n")}
idcred "client" "client" "client"
valcred "rooted"
  certificate "root"
  cert-validation-mode pkix
exit
valcred "issuer"
  certificate "middle"
exit
valcred "exact"
  certificate "right"
  cert-validation-mode exact-match
exit
valcred "stranger"
  certificate "stranger"
  cert-validation-mode pkix
exit
profile "older" "client" ssl "issuer"
${client("rooted", "  valcred rooted\n")}${client("issuer", "  valcred issuer\n")}
${client("exact", "  valcred exact\n")}${client("stranger", "  valcred stranger\n")}
${client("public", "")}${client("anyone", "  validate-server-cert off\n")}
${client("named", "  valcred rooted\n  validate-hostname on\n  hostname-validation-fail on\n")}
${client("noted", "  valcred rooted\n  validate-hostname on\n")}
${client("custom", "  valcred rooted\n  use-custom-sni-hostname on\n  custom-sni-hostname asked.test\n")}
${client("mutual", "  valcred rooted\n  idcred client\n")}
${client("new-only", "  valcred rooted\n  protocols TLSv1d3\n")}
${client("cipher", "  valcred rooted\n  protocols TLSv1d2\n  ciphers ECDHE_ECDSA_WITH_AES_256_GCM_SHA384\n")}
${client("broken", "  valcred nowhere\n")}
exit
sslproxy "older" "forward" "older"
user-agent "agent"
  ssl "https://127.0.0.1:*" "" client rooted
exit
xml-manager "agents"
  user-agent agent
exit
action "route"
  type setvar
  variable "var://service/routing-url"
  value "https://127.0.0.1:${port}/routed"
exit
action "profile"
  type setvar
  variable "var://service/routing-url-sslprofile"
  value "client:rooted"
exit
action "nowhere"
  type setvar
  variable "var://service/routing-url-sslprofile"
  value "gone"
exit
`;
}

async function secureBackend(options: ServerOptions): Promise<number> {
  const server = createServer(options, (request, response) => {
    const socket = request.socket as TLSSocket;
    response.setHeader("Seen-Sni", String(socket.servername || "none"));
    response.setHeader("Seen-Cipher", socket.getCipher().standardName);
    response.setHeader("Seen-Client", String(socket.getPeerCertificate().subject?.CN ?? "none"));
    response.end(`${request.method} ${request.url} over ${socket.getProtocol()}`);
  });
  server.on("secureConnection", (socket) => {
    handshakes++;
    if (socket.isSessionReused()) resumed++;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

async function ask(service: string): Promise<{ status: number; text: string; headers: Headers }> {
  const answer = await fetch(`http://127.0.0.1:${bench.port(service)}/x`);
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
}

test.each([
  "plain",
  "legacy",
  "exact",
  "anyone",
  "by-address",
  "named",
  "noted",
  "custom",
  "by-agent",
])("%s is answered", async (service) => {
  expect(await ask(service)).toMatchObject({ status: 200, text: "GET /x over TLSv1.3" });
});

test.each([
  ["not-exact", "it is not in the list"],
  ["stranger", /UNABLE_TO_GET_ISSUER_CERT_LOCALLY|SELF_SIGNED/],
  ["public", /UNABLE_TO_GET_ISSUER_CERT_LOCALLY|SELF_SIGNED/],
  ["expired", "it is out of its time"],
  ["misnamed", "it does not name the host back.test"],
  ["nameless", /alert|certificate required|ended/],
  ["new-only", /alert|version/],
  ["routed-bare", "https without a TLS profile"],
])("%s is refused, with its reason in the log", async (service, why) => {
  expect((await ask(service)).status).toBe(500);
  const lines = bench
    .log()
    .split("\n")
    .filter((line) => line.includes(`mpgw(${service})`));
  expect(lines.join("\n")).toMatch(why);
});

test("the host that is asked for", async () => {
  expect((await ask("named")).headers.get("seen-sni")).toBe("back.test");
  expect((await ask("custom")).headers.get("seen-sni")).toBe("asked.test");
  expect((await ask("plain")).headers.get("seen-sni")).toBe("none");
  expect(bench.log()).toContain("it does not name the host back.test");
});

test("a certificate of its own is shown to a backend that wants one", async () => {
  for (const service of ["mutual", "older"]) {
    expect((await ask(service)).headers.get("seen-client")).toBe("client");
  }
});

test("the ciphers and protocols of the profile", async () => {
  const { text, headers } = await ask("cipher");
  expect(text).toBe("GET /x over TLSv1.2");
  expect(headers.get("seen-cipher")).toBe("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
});

test("a profile that a rule chooses", async () => {
  expect(await ask("routed")).toMatchObject({ status: 200, text: "GET /routed over TLSv1.3" });
});

test("connections are kept", async () => {
  await ask("plain");
  const before = handshakes;
  for (let round = 0; round < 5; round++) await ask("plain");
  expect(handshakes - before).toBe(0);
});

test("sessions are resumed", async () => {
  await ask("plain");
  const before = resumed;
  for (const server of servers) server.closeAllConnections();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect((await ask("plain")).status).toBe(200);
  expect(resumed - before).toBe(1);
});

test.each([
  ["misrouted", 'there is no TLS profile "gone"'],
  ["unsure", "an https backend needs an ssl-client"],
  ["broken", 'valcred "nowhere" does not exist'],
])("%s stays down", (service, why) => {
  const status = bench.gateway.health().services.find(({ name }) => name === service);
  expect(status).toMatchObject({ state: "down", reasons: [expect.stringContaining(why)] });
});
