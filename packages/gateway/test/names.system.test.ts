import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type NameServer, openNameServer } from "./support/name-server.ts";
import { type ProxyGateway, proxyGateway } from "./support/proxy-gateway.ts";

/** How host names of backends become addresses, over a name server of our own. */
let names: NameServer;
let backend: Server;
let bench: ProxyGateway;

beforeAll(async () => {
  names = await openNameServer();
  backend = createServer((request, response) => {
    response.end(`${request.socket.localAddress} ${request.headers.host}`);
  });
  backend.keepAliveTimeout = 1;
  await new Promise<void>((resolve) => backend.listen(0, "0.0.0.0", resolve));
  const { port } = backend.address() as AddressInfo;
  const to = (name: string, host: string): { name: string; backend: string; lines: string } => ({
    name,
    backend: `http://${host}:${port}`,
    // every request finds its own way
    lines: "  persistent-connections off\n",
  });
  const dns = `top; configure terminal;
dns
  name-server "127.0.0.1" "${names.port}"
  search-domain "shop.test"
  static-host "fixed.test" "127.0.0.3"
  static-host "twice.test" "127.0.0.1"
  retries 0
  timeout 1
exit
host-alias "everywhere"
  ip-address 127.0.0.4
exit
host-alias "here"
  ip-address 127.0.0.5
exit
`;
  const services = ["named.test", "other.test", "orders", "gone.test", "fixed.test", "Everywhere"];
  bench = await proxyGateway(
    [...services, "here", "several.test", "twice.test"].map((host) =>
      to(host.replace(".test", "").toLowerCase(), host),
    ),
    'host-alias "here"\n  ip-address 127.0.0.6\nexit\n',
    { "config/auto-user.cfg": dns },
  );
});

beforeEach(() => {
  names.asked.length = 0;
  names.records.clear();
  names.isSilent = false;
});

afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
  backend?.closeAllConnections();
  backend?.close();
  await names?.[Symbol.asyncDispose]();
});

async function ask(service: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${bench.port(service)}/`);
  return `${answer.status} ${(await answer.text()).split(":")[0]}`;
}

test("an address is kept as long as the name server says", async () => {
  names.records.set("named.test", { addresses: ["127.0.0.2"], ttl: 1 });
  expect(await ask("named")).toBe("200 127.0.0.2 named.test");
  expect(await ask("named")).toBe("200 127.0.0.2 named.test");
  expect(names.asked).toEqual(["A named.test", "AAAA named.test"]);
  names.records.set("named.test", { addresses: ["127.0.0.7"], ttl: 60 });
  await sleep(1100);
  expect(await ask("named")).toBe("200 127.0.0.7 named.test");
  expect(names.asked).toHaveLength(4);
});

test("an address that is good for no time is asked for each time", async () => {
  names.records.set("other.test", { addresses: ["127.0.0.2"], ttl: 0 });
  expect(await ask("other")).toBe("200 127.0.0.2 other.test");
  names.records.set("other.test", { addresses: ["127.0.0.8"], ttl: 0 });
  expect(await ask("other")).toBe("200 127.0.0.8 other.test");
});

test("requests that come together ask once", async () => {
  names.records.set("other.test", { addresses: ["127.0.0.2"], ttl: 60 });
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask("other")));
  expect(new Set(answers)).toEqual(new Set(["200 127.0.0.2 other.test"]));
  expect(names.asked).toEqual(["A other.test", "AAAA other.test"]);
});

test("a name is looked for below the search domains", async () => {
  names.records.set("orders.shop.test", { addresses: ["127.0.0.2"], ttl: 60 });
  expect(await ask("orders")).toBe("200 127.0.0.2 orders");
  expect(names.asked).toEqual([
    "A orders",
    "AAAA orders",
    "A orders.shop.test",
    "AAAA orders.shop.test",
  ]);
});

test("a name that no name server knows fails the message, and is asked for again", async () => {
  expect(await ask("gone")).toMatch(/^500 /);
  expect(bench.log()).toMatch(/\[0x01130006\].*no name server has an address for gone\.test/);
  names.records.set("gone.test", { addresses: ["127.0.0.2"], ttl: 0 });
  expect(await ask("gone")).toBe("200 127.0.0.2 gone.test");
});

test("name servers that do not answer fail the message in time", async () => {
  names.isSilent = true;
  const begun = Date.now();
  expect(await ask("gone")).toMatch(/^500 /);
  // one second for the name, one below the search domain
  expect(Date.now() - begun).toBeLessThan(10_000);
  names.isSilent = false;
  names.records.set("gone.test", { addresses: ["127.0.0.2"], ttl: 0 });
  expect(await ask("gone")).toBe("200 127.0.0.2 gone.test");
});

test("of several addresses one that does not answer is passed over", async () => {
  // nothing listens on ::1
  names.records.set("several.test", { addresses: ["::1", "127.0.0.9"], ttl: 60 });
  expect(await ask("several")).toBe("200 127.0.0.9 several.test");
});

test("static hosts and host aliases are asked of nobody; a domain's alias goes before the default domain's", async () => {
  expect(await ask("fixed")).toBe("200 127.0.0.3 fixed.test");
  expect(await ask("everywhere")).toMatch(/^200 127\.0\.0\.4 everywhere/i);
  expect(await ask("here")).toMatch(/^200 127\.0\.0\.6 /);
  expect(names.asked).toEqual([]);
});
