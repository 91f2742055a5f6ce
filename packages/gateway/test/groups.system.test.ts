import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { type ProxyGateway, type ProxyService, proxyGateway } from "./support/proxy-gateway.ts";

/** A member of a group: a server that says its name, and can be stopped and started again. */
class Backend {
  readonly name: string;
  #server: Server | undefined;
  port = 0;
  asked: string[] = [];
  healthy = true;
  /** What a health check is answered with, and how it was asked. */
  state = "<state>up</state>";
  checks: string[] = [];
  cookie = "";

  constructor(name: string) {
    this.name = name;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      const { url, headers } = request;
      if (url === "/health") {
        this.checks.push(`${request.method} ${headers["content-type"] ?? ""}`.trim());
        response.writeHead(this.healthy ? 200 : 503).end(this.state);
        return;
      }
      this.asked.push(`${request.method} ${url}`);
      if (this.cookie !== "") response.setHeader("Set-Cookie", this.cookie);
      response.setHeader("Seen-Host", String(headers.host));
      request.resume();
      request.on("end", () => response.end(this.name));
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.port, "127.0.0.1", resolve));
    this.port = (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

let backends: Backend[] = [];
let bench: ProxyGateway | undefined;

afterEach(async () => {
  await bench?.[Symbol.asyncDispose]();
  await Promise.all(backends.map((backend) => backend.stop()));
});

/** A service to a group of three, with these lines. */
async function group(
  lines: string,
  weights = [1, 1, 1],
  service: ProxyService = {},
): Promise<void> {
  backends = ["a", "b", "c"].map((name) => new Backend(name));
  for (const backend of backends) await backend.start();
  const servers = backends.map(
    ({ port }, at) => `  server "127.0.0.1" "${weights[at]}" "${port}" "" "${port}" "enabled"\n`,
  );
  const objects = `loadbalancer-group "Group"
${servers.join("")}${lines}exit
xml-manager "m"
  loadbalancer-group "Group"
exit
`;
  bench = await proxyGateway(
    [{ backend: "http://Group:80", ...service, lines: `  xml-manager m\n${service.lines ?? ""}` }],
    objects,
  );
}

async function ask(
  init: RequestInit = {},
): Promise<{ status: number; text: string; headers: Headers }> {
  const answer = await fetch(`http://127.0.0.1:${bench!.port()}/x`, init);
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
}

async function askOften(count: number, init: RequestInit = {}): Promise<string> {
  let names = "";
  for (let round = 0; round < count; round++) names += (await ask(init)).text;
  return names;
}

test("round-robin takes the members in turn; Host names the member", async () => {
  await group("");
  expect(await askOften(6)).toBe("abcabc");
  expect((await ask()).headers.get("seen-host")).toBe(`127.0.0.1:${backends[0]!.port}`);
});

test("a group that masquerades keeps its name in Host", async () => {
  await group("  masquerade on\n");
  expect((await ask()).headers.get("seen-host")).toBe("group");
});

test("without host-rewriting the client's Host goes on", async () => {
  await group("", [1, 1, 1], { lines: "  host-rewriting off\n" });
  expect((await ask()).headers.get("seen-host")).toBe(`127.0.0.1:${bench!.port()}`);
});

test("weights are kept", async () => {
  await group("  algorithm weighted-round-robin\n", [3, 2, 1]);
  expect([...(await askOften(12))].sort().join("")).toBe("aaaaaabbbbcc");
});

test("first-alive stays with the first, as long as it is there", async () => {
  await group("  algorithm first-alive\n");
  expect(await askOften(3)).toBe("aaa");
  await backends[0]!.stop();
  expect(await askOften(3)).toBe("bbb");
});

test("hash keeps a client, or a header's value, on one member", async () => {
  await group("  algorithm hash\n", [1, 1, 1], { lines: "  load-balancer-hash-header Key\n" });
  expect(new Set(await askOften(6)).size).toBe(1);
  const names = new Set<string>();
  for (const key of ["1", "2", "3", "4", "5", "6", "7", "8"]) {
    const name = await askOften(2, { headers: { Key: key } });
    expect(name[0]).toBe(name[1]);
    names.add(name[0]!);
  }
  expect(names.size).toBe(3);
});

test("least-connections takes the one that is free", async () => {
  await group("  algorithm least-connections\n");
  const answers = await Promise.all(Array.from({ length: 30 }, () => ask()));
  const names = answers.map(({ text }) => text);
  expect(new Set(names).size).toBe(3);
  expect(names.every((name) => "abc".includes(name))).toBe(true);
});

test("a GET fails over to another member; the failed one is left out, and comes back", async () => {
  await group("  damp 1\n");
  await backends[1]!.stop();
  expect(await askOften(6)).toBe("acacac");
  const before = backends[1]!.asked.length;
  await backends[1]!.start();
  expect(await askOften(4)).not.toContain("b");
  expect(backends[1]!.asked.length).toBe(before);
  await sleep(1100);
  expect(new Set(await askOften(6))).toEqual(new Set("abc"));
});

test("a POST fails over only in a group that tries every server", async () => {
  const post = { method: "POST", body: "x" };
  await group("");
  await backends[0]!.stop();
  expect((await ask(post)).status).toBe(500);
  expect((await ask(post)).text).toBe("b");
  await bench![Symbol.asyncDispose]();
  await Promise.all(backends.map((backend) => backend.stop()));
  await group("  try-every-server on\n");
  await backends[0]!.stop();
  await backends[1]!.stop();
  expect(await askOften(3, post)).toBe("ccc");
});

test("with no member up, one that is down is tried, unless the group gives up", async () => {
  await group("  damp 60\n");
  for (const backend of backends) await backend.stop();
  for (let round = 0; round < 4; round++) expect((await ask()).status).toBe(500);
  for (const backend of backends) await backend.start();
  expect((await ask()).status).toBe(200);
  await bench![Symbol.asyncDispose]();
  await Promise.all(backends.map((backend) => backend.stop()));
  await group("  damp 60\n  giveup-when-all-members-down on\n");
  for (const backend of backends) await backend.stop();
  for (let round = 0; round < 4; round++) expect((await ask()).status).toBe(500);
  for (const backend of backends) await backend.start();
  expect((await ask()).status).toBe(500);
  expect(bench!.log()).toContain("no member of group Group is up");
});

test("disabled members take no request", async () => {
  await group('  server "127.0.0.1" "1" "1" "" "1" "disabled"\n');
  expect(await askOften(6)).toBe("abcabc");
});

test("a health check takes a member out and in", async () => {
  const check =
    "    admin-state enabled\n    target-uri /health\n    type Standard\n    use-soap off\n";
  await group(`  health-check\n${check}    timeout 2\n    frequency 5\n  exit\n`);
  expect(await askOften(3)).toBe("abc");
  backends[1]!.healthy = false;
  await heard(`127.0.0.1:${backends[1]!.port} is down: it answered 503`);
  expect(await askOften(4)).not.toContain("b");
  backends[1]!.healthy = true;
  await heard(`127.0.0.1:${backends[1]!.port} is up`);
  expect(await askOften(6)).toContain("b");
});

test("a health check by SOAP looks into the answer", async () => {
  const check = `    admin-state enabled
    target-uri /health
    type Standard
    xpath "/state[. = 'up']"
    timeout 2
    frequency 5
`;
  await group(`  health-check\n${check}  exit\n`);
  expect(await askOften(3)).toBe("abc");
  expect(backends[0]!.checks[0]).toBe("POST text/xml");
  backends[0]!.state = "<state>down</state>";
  backends[1]!.state = "no XML";
  await heard(`127.0.0.1:${backends[0]!.port} is down: /state[. = 'up'] finds nothing`);
  await heard(`127.0.0.1:${backends[1]!.port} is down: its answer is no XML`);
  expect(await askOften(3)).toBe("ccc");
});

test("a health check by script looks for what its metadata names", async () => {
  const check = `    admin-state enabled
    target-uri /health
    type Standard
    gatewayscript-checks on
    request-method POST
    response-evaluator-metadata "{\\"state\\": \\"up\\", \\"load\\": 1}"
    timeout 2
    frequency 5
`;
  await group(`  health-check\n${check}  exit\n`);
  await heard(`127.0.0.1:${backends[0]!.port} is down: its answer is no JSON`);
  for (const backend of backends) backend.state = '{"state": "up", "load": 1, "more": {}}';
  await heard(`127.0.0.1:${backends[0]!.port} is up`);
  expect(backends[0]!.checks[0]).toBe("POST application/json");
  backends[0]!.state = '{"state": "down", "load": 1}';
  backends[1]!.state = '{"state": "up"}';
  await heard(`127.0.0.1:${backends[0]!.port} is down: state of its answer is not up`);
  await heard(`127.0.0.1:${backends[1]!.port} is down: load of its answer is not 1`);
  expect(await askOften(3)).toBe("ccc");
}, 30_000);

test("a health check that only connects takes a member out and in, whatever it would answer", async () => {
  const check = "    admin-state enabled\n    type TCPConnection\n    tcp-conn-type Full\n";
  await group(`  damp 1\n  health-check\n${check}    timeout 2\n    frequency 5\n  exit\n`);
  expect(await askOften(3)).toBe("abc");
  for (const backend of backends) backend.healthy = false;
  await backends[1]!.stop();
  await heard(`127.0.0.1:${backends[1]!.port} is down: `);
  expect(await askOften(4)).not.toContain("b");
  await backends[1]!.start();
  await heard(`127.0.0.1:${backends[1]!.port} is up`);
  expect(await askOften(6)).toContain("b");
  expect(backends.flatMap(({ checks }) => checks)).toEqual([]);
});

test("session affinity keeps a client on the member that began its session", async () => {
  const affinity = '    enable-affinity on\n    i-cookie-name STICK\n    i-domain ""\n';
  await group(`  session-affinity\n${affinity}  exit\n`);
  expect((await ask()).headers.get("set-cookie")).toBeNull();
  for (const backend of backends) backend.cookie = `JSESSIONID=${backend.name}`;
  const first = await ask();
  const cookie = /STICK=[\w-]+/.exec(String(first.headers.get("set-cookie")))![0];
  expect(await askOften(5, { headers: { Cookie: cookie } })).toBe(first.text.repeat(5));
  await backends.find(({ name }) => name === first.text)!.stop();
  expect((await ask({ headers: { Cookie: cookie } })).status).toBe(200);
});

test("members that restart under load cost a GET nothing", async () => {
  await group("  damp 1\n  try-every-server on\n");
  let stop = false;
  const statuses = new Map<number, number>();
  const clients = Array.from({ length: 8 }, async () => {
    while (!stop) {
      const { status } = await ask();
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  });
  for (let round = 0; round < 6; round++) {
    const backend = backends[round % 3]!;
    await backend.stop();
    await sleep(150);
    await backend.start();
    await sleep(150);
  }
  stop = true;
  await Promise.all(clients);
  expect([...statuses.keys()]).toEqual([200]);
});

async function heard(text: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!bench!.log().includes(text) && Date.now() < deadline) await sleep(20);
  expect(bench!.log()).toContain(text);
}
