import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Certificates, makeCertificates } from "./support/certificates.ts";
import { type ProxyGateway, type ProxyService, proxyGateway } from "./support/proxy-gateway.ts";

let certificates: Certificates;
let bench: ProxyGateway;
const servers: Server[] = [];
const proxied: string[] = [];

beforeAll(async () => {
  certificates = makeCertificates();
  certificates.issue("back", { ca: true });
  const tls = { key: certificates.read("back.key"), cert: certificates.read("back.pem") };
  const secure = await listen(
    createHttpsServer(tls, (request, response) => response.end(`secure ${request.url}`)),
  );
  const plain = await listen(
    createHttpServer((request, response) => {
      if (request.url === "/moved") {
        response.writeHead(302, { Location: `https://127.0.0.1:${secure}/there` }).end();
        return;
      }
      if (request.url === "/round") {
        response.writeHead(302, { Location: "/round" }).end();
        return;
      }
      const { authorization, soapaction, added, "transfer-encoding": coding } = request.headers;
      const { httpVersion, method, url } = request;
      request.resume();
      request.on("end", () =>
        response.end(
          JSON.stringify({ method, url, httpVersion, authorization, soapaction, added, coding }),
        ),
      );
    }),
  );
  const proxy = await listen(proxyServer());
  const http = `http://127.0.0.1:${plain}`;
  const https = `https://127.0.0.1:${secure}`;
  const service = (name: string, backend: string): ProxyService => ({
    name,
    backend,
    lines: `  xml-manager ${name}\n`,
  });
  const agents: readonly (readonly [string, string, string])[] = [
    ["proxy", http, `  proxy "http://*" "127.0.0.1" "${proxy}"\n`],
    ["tunnel", https, `  proxy "https://*" "127.0.0.1" "${proxy}"\n  ssl "*" "" client back\n`],
    ["past", http, `  proxy "http://127.0.0.1*" none\n  proxy "*" "127.0.0.1" "${proxy}"\n`],
    [
      "refusing",
      "https://127.0.0.1:1",
      `  proxy "*" "127.0.0.1" "${proxy}"\n  ssl "*" "" client back\n`,
    ],
    ["basic", http, '  basicauth "*/x*" "me" "word"\n  basicauth "*" "other" "word"\n'],
    ["header", http, '  add-header-policy "*" "Added" "yes"\n  soapaction "*" "do"\n'],
    ["old", http, '  http-version-policy "*" "HTTP/1.0"\n'],
    ["chunks", http, '  chunked-uploads-policy "*" on\n'],
    ["redirected", http, '  ssl "*" "" client back\n  max-redirects 3\n'],
    ["compressing", http, '  compression-policy "*" on\n'],
    ["elsewhere", http, '  compression-policy "http://elsewhere.test/*" on\n'],
    ["wordless", http, '  basicauth "*" "me" "none"\n'],
    ["keyed", http, '  pubkeyauth "*" "back"\n'],
  ];
  const text = agents
    .map(
      ([name, , lines]) =>
        `user-agent ${name}\n${lines}exit\nxml-manager ${name}\n  user-agent ${name}\nexit\n`,
    )
    .join("");
  const objects = `crypto
certificate "back" "cert:///back.pem"
valcred "back"
  certificate "back"
exit
ssl-client "back"
  valcred back
exit
exit
password-alias "word"
  password "secret"
exit
${text}`;
  bench = await proxyGateway(
    agents.map(([name, backend]) => service(name, backend)),
    objects,
    { "usrcerts/d/back.pem": certificates.read("back.pem").toString() },
  );
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
  for (const server of servers) server.close();
  certificates?.[Symbol.dispose]();
});

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  server.on("close", () => {
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

/** A proxy that answers requests for whole URLs itself, and opens tunnels. */
function proxyServer(): Server {
  const server = createHttpServer((request, response) => {
    proxied.push(`${request.method} ${request.url}`);
    response.end("by proxy");
  });
  server.on("connect", (request, socket) => {
    proxied.push(`CONNECT ${request.url}`);
    const [, port] = String(request.url).split(":");
    const onward = connect(Number(port), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connected\r\n\r\n");
      socket.pipe(onward).pipe(socket);
    });
    onward.on("error", () => socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
    socket.on("error", () => onward.destroy());
  });
  return server;
}

async function ask(service: string, path = "/x", init: RequestInit = {}): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${bench.port(service)}${path}`, init);
  return `${answer.status} ${await answer.text()}`;
}

test("a proxy is given whole URLs for http, and tunnels TLS", async () => {
  expect(await ask("proxy")).toBe("200 by proxy");
  expect(proxied.at(-1)).toMatch(/^GET http:\/\/127\.0\.0\.1:\d+\/x$/);
  expect(await ask("tunnel")).toBe("200 secure /x");
  expect(proxied.at(-1)).toMatch(/^CONNECT 127\.0\.0\.1:\d+$/);
});

test("the first pattern that matches wins, also when it says none", async () => {
  const before = proxied.length;
  expect(await ask("past")).toContain('200 {"method":"GET"');
  expect(proxied.length).toBe(before);
});

test("a tunnel that is refused is an error with its reason", async () => {
  expect(await ask("refusing")).toMatch(/^500 /);
  expect(bench.log()).toContain("the proxy answered 502");
});

test("basic authentication, with the password of an alias", async () => {
  const of = (user: string): string => Buffer.from(`${user}:secret`).toString("base64");
  expect(await ask("basic", "/x")).toContain(`"authorization":"Basic ${of("me")}"`);
  expect(await ask("basic", "/y", { headers: { Authorization: "Basic own" } })).toContain(
    `"authorization":"Basic ${of("other")}"`,
  );
});

test("headers, versions and chunks by policy", async () => {
  const added = await ask("header", "/x", { headers: { Added: "mine" } });
  expect(added).toContain('"soapaction":"do","added":"yes"');
  const post = { method: "POST", body: "body" };
  expect(await ask("old", "/x", post)).toContain('"httpVersion":"1.0"');
  expect(await ask("chunks", "/x", post)).toContain('"coding":"chunked"');
  expect(await ask("header", "/x", post)).not.toContain('"coding"');
});

test("redirects lead from http to https, and not further than allowed", async () => {
  expect(await ask("redirected", "/moved")).toBe("200 secure /there");
  expect(await ask("redirected", "/round", { redirect: "manual" })).toMatch(/^302 /);
});

test("policies that are not served keep down only services that they can meet", async () => {
  const reasons = (service: string): unknown =>
    bench.gateway.health().services.find(({ name }) => name === service)?.reasons;
  expect(reasons("compressing")).toEqual([
    expect.stringContaining("compression (compression-policy)"),
  ]);
  expect(reasons("keyed")).toEqual([expect.stringContaining("authentication by public key")]);
  expect(reasons("wordless")).toEqual([expect.stringContaining('no password-alias "none"')]);
  expect(await ask("elsewhere")).toMatch(/^200 /);
});
