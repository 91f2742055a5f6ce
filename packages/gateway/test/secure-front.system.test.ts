import { connect as connectPlain } from "node:net";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openLog } from "../src/log.ts";
import { type Gateway, serveGateway } from "../src/serve/serve-gateway.ts";
import { type Certificates, makeCertificates } from "./support/certificates.ts";
import { echoScript, echoService } from "./support/echo-service.ts";
import { treeOf } from "./support/tree.ts";

let certificates: Certificates;
let tree: ReturnType<typeof treeOf>;
let gateway: Gateway;
let log = "";

const features = 'allowed-features "HTTP-1.0+HTTP-1.1+GET+POST+QueryString"';

/** One handler a line: its name, its TLS lines. */
const handlers: readonly (readonly [string, string])[] = [
  ["plain", "ssl-server plain"],
  ["mutual", "ssl-server mutual"],
  ["optional", "ssl-server optional"],
  ["chain", "ssl-server chain"],
  ["exact", "ssl-server exact"],
  ["narrow", "ssl-server narrow"],
  ["hosts", "ssl-config-type sni\n  ssl-sni-server hosts"],
  ["hosts-only", "ssl-config-type sni\n  ssl-sni-server hosts-only"],
  ["older", "ssl older"],
  ["older-mutual", "ssl-config-type proxy\n  ssl older-mutual"],
];

const names = ["root", "middle", "a", "b", "client", "stranger"];
const crypto = `crypto
${names.map((name) => `key "${name}" "cert:///${name}.key"\ncertificate "${name}" "cert:///${name}.pem"`).join("\n")}
idcred "a" "a" "a" ca "middle"
idcred "b" "b" "b" ca "middle"
valcred "clients"
  certificate "middle"
exit
valcred "rooted"
  certificate "root"
  cert-validation-mode pkix
exit
valcred "one"
  certificate "client"
  cert-validation-mode exact-match
exit
ssl-server "plain"
  idcred "a"
  protocols "TLSv1d2+TLSv1d3"
exit
ssl-server "b"
  idcred "b"
  request-client-auth on
  valcred "clients"
exit
ssl-server "mutual"
  idcred "a"
  request-client-auth on
  valcred "clients"
exit
ssl-server "optional"
  idcred "a"
  request-client-auth on
  require-client-auth off
  valcred "clients"
exit
ssl-server "chain"
  idcred "a"
  request-client-auth on
  valcred "rooted"
exit
ssl-server "exact"
  idcred "a"
  request-client-auth on
  send-client-auth-ca-list off
  valcred "one"
exit
ssl-server "narrow"
  idcred "a"
  protocols "TLSv1d2"
  ciphers "ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
  ciphers "RSA_WITH_RC4_128_SHA"
  curves "secp384r1"
  caching off
exit
ssl-sni-mapping "hosts"
  sni-mapping "a.test" "plain"
  sni-mapping "*.b.test" "b"
exit
ssl-sni-server "hosts"
  protocols "TLSv1d2+TLSv1d3"
  sni-server-mapping "hosts"
  sni-server-default "narrow"
exit
ssl-sni-server "hosts-only"
  protocols "TLSv1d3"
  sni-server-mapping "hosts"
exit
profile "older" "a" option-string "OpenSSL-default+Disable-SSLv2+Disable-SSLv3+Disable-TLSv1"
profile "older-mutual" "a" ssl "clients"
sslproxy "older" "reverse" "older" sess-timeout "300" cache-size "20"
sslproxy "older-mutual" "two-way" "older-mutual" "older-mutual"
exit
`;

beforeAll(async () => {
  certificates = makeCertificates();
  const { issue } = certificates;
  issue("root", { ca: true });
  issue("middle", { ca: true, issuer: "root" });
  issue("a", { issuer: "middle", names: "DNS:a.test,DNS:localhost" });
  issue("b", { issuer: "middle", names: "DNS:*.b.test" });
  issue("client", { issuer: "middle", usage: "clientAuth" });
  issue("stranger", {});
  const files = Object.fromEntries(
    names.flatMap((name) =>
      ["key", "pem"].map((end) => [
        `usrcerts/d/${name}.${end}`,
        certificates.read(`${name}.${end}`).toString(),
      ]),
    ),
  );
  const fronts = handlers.map(
    ([name, lines]) => `source-https "${name}"\n  port 8443\n  ${features}\n  ${lines}\nexit\n`,
  );
  tree = treeOf({
    ...files,
    "config/auto-startup.cfg": 'domain "d"\n  visible-domain default\nexit\n',
    "config/d/d.cfg": crypto + fronts.join("") + echoService(handlers.map(([name]) => name)),
    "local/d/main.js": echoScript,
  });
  gateway = await serveGateway({
    root: tree.root,
    log: openLog((line) => (log += line), "info"),
    portFor: () => 0,
  });
  expect(gateway.health().services).toMatchObject([{ state: "up", reasons: [] }]);
});

afterAll(async () => {
  await gateway.close();
  tree[Symbol.dispose]();
  certificates[Symbol.dispose]();
});

interface Outcome {
  readonly answer: string;
  readonly subject: string | undefined;
  readonly protocol: string | null;
  readonly cipher: string | undefined;
  readonly reused: boolean;
}

function portOf(handler: string): number {
  return gateway.ports.find((port) => port.handler === handler)!.port;
}

/** One request over TLS; an error's code where the connection does not come about. */
function ask(handler: string, options: ConnectionOptions = {}): Promise<Outcome | string> {
  return new Promise((resolve) => {
    const ca = certificates.read("root.pem");
    const checked = { ca, rejectUnauthorized: true, checkServerIdentity: () => undefined };
    const socket: TLSSocket = connect(portOf(handler), "127.0.0.1", { ...checked, ...options });
    let answer = "";
    socket.on("data", (part) => (answer += String(part)));
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on("secureConnect", () => {
      socket.write("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    });
    let outcome: Omit<Outcome, "answer"> | undefined;
    socket.on("secureConnect", () => {
      outcome = {
        subject: socket.getPeerCertificate().subject?.CN as string | undefined,
        protocol: socket.getProtocol(),
        cipher: socket.getCipher().standardName,
        reused: socket.isSessionReused(),
      };
    });
    socket.on("end", () => socket.end());
    socket.on("close", () => {
      if (answer === "") resolve("no answer");
      else resolve({ answer, ...outcome! });
    });
  });
}

const as = (name: string): ConnectionOptions => ({
  key: certificates.read(`${name}.key`),
  cert: certificates.read(`${name}.pem`),
});

test("a plain server profile: the chain is sent, the rule sees https", async () => {
  const outcome = (await ask("plain")) as Outcome;
  expect(outcome).toMatchObject({ subject: "a", protocol: "TLSv1.3" });
  expect(outcome.answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(outcome.answer).toContain('"protocol":"https"');
  expect(await ask("plain", { maxVersion: "TLSv1.2" })).toMatchObject({ protocol: "TLSv1.2" });
  expect(await ask("plain", { minVersion: "TLSv1.1", maxVersion: "TLSv1.1" })).toMatch(
    /ALERT|PROTO/,
  );
});

test.each(["TLSv1.2", "TLSv1.3"] as const)("mutual authentication over %s", async (version) => {
  const versions = { minVersion: version, maxVersion: version };
  const answered = { subject: "a", protocol: version };
  expect(await ask("mutual", { ...versions, ...as("client") })).toMatchObject(answered);
  expect(await ask("mutual", versions)).toBeTypeOf("string");
  expect(await ask("mutual", { ...versions, ...as("stranger") })).toBeTypeOf("string");
  expect(await ask("optional", versions)).toMatchObject(answered);
  expect(await ask("optional", { ...versions, ...as("client") })).toMatchObject(answered);
  expect(await ask("optional", { ...versions, ...as("stranger") })).toBeTypeOf("string");
  expect(await ask("exact", { ...versions, ...as("client") })).toMatchObject(answered);
  expect(await ask("exact", { ...versions, ...as("a") })).toBeTypeOf("string");
  const whole = Buffer.concat([certificates.read("client.pem"), certificates.read("middle.pem")]);
  expect(await ask("chain", { ...versions, ...as("client"), cert: whole })).toMatchObject(answered);
  expect(await ask("chain", { ...versions, ...as("client") })).toBeTypeOf("string");
  expect(log).toContain("the client's certificate is not accepted: neither it nor its issuer");
});

test("protocols, ciphers and curves are those of the profile", async () => {
  const cipher = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
  expect(await ask("narrow")).toMatchObject({ protocol: "TLSv1.2", cipher });
  expect(await ask("narrow", { ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" })).toMatch(/ALERT/);
  expect(await ask("narrow", { ecdhCurve: "prime256v1" })).toMatch(/ALERT/);
});

test("the host name chooses the profile, its certificate and its rules for clients", async () => {
  expect(await ask("hosts", { servername: "a.test" })).toMatchObject({ subject: "a" });
  expect(await ask("hosts", { servername: "x.b.test" })).toBeTypeOf("string");
  const known = { servername: "X.B.test", ...as("client") };
  expect(await ask("hosts", known)).toMatchObject({ subject: "b", protocol: "TLSv1.3" });
  const cipher = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
  expect(await ask("hosts", { servername: "c.test", maxVersion: "TLSv1.2" })).toMatchObject({
    cipher,
  });
  expect(await ask("hosts", { maxVersion: "TLSv1.2" })).toMatchObject({ cipher });
  expect(await ask("hosts-only", { servername: "a.test" })).toMatchObject({ subject: "a" });
  expect(await ask("hosts-only", { servername: "c.test" })).toMatch(/UNRECOGNIZED_NAME/);
  expect(await ask("hosts-only")).toMatch(/UNRECOGNIZED_NAME/);
  const old = { servername: "a.test", maxVersion: "TLSv1.2" } as const;
  expect(await ask("hosts-only", old)).toMatch(/ALERT|PROTO/);
});

test("older TLS proxy profiles", async () => {
  expect(await ask("older")).toMatchObject({ subject: "a" });
  expect(await ask("older-mutual", as("client"))).toMatchObject({ subject: "a" });
  expect(await ask("older-mutual")).toBeTypeOf("string");
});

test("a session is taken up again only where the profile keeps sessions", async () => {
  for (const [handler, reused] of [
    ["plain", true],
    ["narrow", false],
  ] as const) {
    const session = await sessionOf(handler);
    expect(await ask(handler, { session, maxVersion: "TLSv1.2" })).toMatchObject({ reused });
  }
});

function sessionOf(handler: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(portOf(handler), "127.0.0.1", {
      ca: certificates.read("root.pem"),
      checkServerIdentity: () => undefined,
      maxVersion: "TLSv1.2",
    });
    socket.on("error", reject);
    socket.on("secureConnect", () => {
      resolve(socket.getSession()!);
      socket.destroy();
    });
  });
}

test.each(["plain", "hosts"])(
  "what is no TLS, a cut handshake and silence end (%s)",
  async (handler) => {
    const outcomes = await Promise.all(
      [
        ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", true],
        ["\u0016\u0003\u0001\u0000\u0005abcde", true],
        ["\u0016\u0003\u0001", false],
        ["", false],
      ].map(([bytes, stay]) =>
        plainTalk(handler, Buffer.from(String(bytes), "latin1"), stay === true),
      ),
    );
    expect(outcomes).toEqual(outcomes.map(() => "closed"));
    expect(await ask(handler, { servername: "a.test" })).toMatchObject({ subject: "a" });
  },
);

function plainTalk(handler: string, bytes: Buffer, stay: boolean): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectPlain(portOf(handler), "127.0.0.1");
    socket.on("error", () => {});
    socket.on("close", () => resolve("closed"));
    socket.resume();
    if (stay) socket.write(bytes);
    else socket.end(bytes);
  });
}
