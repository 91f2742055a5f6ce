import { X509Certificate } from "node:crypto";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { endProgram, startProgram, waitForPort } from "./support/gateway-program.ts";
import { type ManagedTree, managedTree } from "./support/managed-tree.ts";
import { manage } from "./support/management-client.ts";

const users = `
user "grouped"
  password-hashed "$1$lithify1$MDyYTrGj1.E.W9cvGSP4z/"
  access-level group-defined
exit
user "looker"
  password-hashed "$1$lithify1$MDyYTrGj1.E.W9cvGSP4z/"
  access-level user
  domain echo
exit
`;

let tree: ManagedTree;
let child: Awaited<ReturnType<typeof startProgram>>;

beforeAll(async () => {
  tree = await managedTree(users);
  symlinkSync("/etc", join(tree.root, "local/echo/out"));
  child = await startProgram(tree.root, tree.port, {
    DATAPOWER_WORKER_THREADS: "1",
    GATEWAY_HEALTH_PORT: String(tree.health),
  });
  await waitForPort(tree.page);
});

afterAll(async () => {
  expect(await endProgram(child)).toBe(0);
  tree[Symbol.dispose]();
});

const ask = (path: string, more = {}): ReturnType<typeof manage> => manage(tree.rest, path, more);

describe("reading", () => {
  test("the root links to every room", async () => {
    const { status, document } = await ask("/mgmt/");
    expect(status).toBe(200);
    expect(Object.keys(document._links as object)).toEqual([
      "self",
      "config",
      "domains",
      "status",
      "actionqueue",
      "filestore",
      "metadata",
      "types",
      "drift",
      "logs",
    ]);
  });

  test("one object is an object, several are an array, none says so", async () => {
    const one = await ask("/mgmt/config/echo/MultiProtocolGateway");
    expect(one.document.MultiProtocolGateway).toMatchObject({
      name: "echo",
      mAdminState: "enabled",
      StylePolicy: { value: "echo", href: "/mgmt/config/echo/StylePolicy/echo" },
      FrontProtocol: {
        value: "echo_http_8080",
        href: "/mgmt/config/echo/HTTPSourceProtocolHandler/echo_http_8080",
      },
      PropagateURI: "on",
    });
    const several = await ask("/mgmt/config/echo/StylePolicyAction");
    expect(Array.isArray(several.document.StylePolicyAction)).toBe(true);
    const none = await ask("/mgmt/config/echo/WSGateway");
    expect(none).toMatchObject({
      status: 200,
      document: { result: "No configuration retrieved." },
    });
  });

  test("a single property, a state, and what is referred to", async () => {
    const handler = "/mgmt/config/echo/HTTPSourceProtocolHandler/echo_http_8080";
    expect((await ask(`${handler}/LocalPort`)).document).toEqual({
      _links: {
        self: { href: `${handler}/LocalPort` },
        doc: { href: "/mgmt/docs/config/HTTPSourceProtocolHandler/LocalPort" },
      },
      LocalPort: tree.port,
    });
    const features = (await ask(`${handler}/AllowedFeatures`)).document.AllowedFeatures;
    expect(features).toMatchObject({ GET: "on", DELETE: "off" });
    const withState = await ask("/mgmt/config/echo/MultiProtocolGateway/echo?state=1");
    expect(withState.document.MultiProtocolGateway).toMatchObject({
      state: { opstate: "up", adminstate: "enabled", configstate: "saved" },
    });
    const deep = await ask("/mgmt/config/echo/MultiProtocolGateway/echo?view=recursive&depth=3");
    expect(deep.document.MultiProtocolGateway).toMatchObject({
      StylePolicy: { value: "echo", StylePolicy: { PolicyMaps: { Match: { Matching: {} } } } },
    });
  });

  test("passwords and their hashes are never shown", async () => {
    const { text } = await ask("/mgmt/config/default/User");
    expect(text).toContain("admin");
    expect(text).not.toContain("$1$");
    expect(text).not.toMatch(/password/i);
  });

  test("status providers", async () => {
    const names = Object.keys((await ask("/mgmt/status/")).document._links as object);
    expect(names).toContain("LogTargetStatus");
    for (const name of names.filter((each) => each !== "self")) {
      const { status, document } = await ask(`/mgmt/status/default/${name}`);
      expect(status, name).toBe(200);
      expect(document[name] ?? document.result, name).toBeDefined();
    }
    expect((await ask("/mgmt/status/echo/ObjectStatus")).document.ObjectStatus).toContainEqual(
      expect.objectContaining({ Class: "MultiProtocolGateway", Name: "echo", OpState: "up" }),
    );
    expect((await ask("/mgmt/status/echo/CPUUsage")).status).toBe(404);
  });

  test("the last lines of the log, and those of a cache target", async () => {
    const all = (await ask("/mgmt/logs")).document.lines as string[];
    expect(all.some((line) => line.includes("On-line"))).toBe(true);
    const cached = await ask("/mgmt/logs/echo/default-log");
    expect(cached.status).toBe(200);
    expect((await ask("/mgmt/logs/echo/other")).status).toBe(404);
  });

  test("metadata and types of every kind", async () => {
    const { document } = await ask("/mgmt/metadata/default/CryptoValCred");
    expect(document.object).toMatchObject({ name: "CryptoValCred", "cli-alias": "valcred" });
    const text = JSON.stringify(document.object);
    expect(text).toContain('"reference-to":{"href":"/mgmt/metadata/default/CryptoCertificate"}');
    const hrefs = [...text.matchAll(/"(\/mgmt\/types\/[^"]+)"/g)].map(([, href = ""]) => href);
    for (const href of new Set(hrefs)) expect((await ask(href)).status, href).toBe(200);
  });

  test("files as base64, directories as they are, nothing outside of them", async () => {
    const file = await ask("/mgmt/filestore/echo/local/sub/deep.txt");
    expect(file.document.file).toBe(Buffer.from("deep").toString("base64"));
    const directory = await ask("/mgmt/filestore/echo/local");
    expect(directory.document.filestore).toMatchObject({
      location: {
        name: "local:",
        file: { name: "echo.js", href: "/mgmt/filestore/echo/local/echo.js" },
        directory: { name: "local:/sub", href: "/mgmt/filestore/echo/local/sub" },
      },
    });
    const outside = [
      "/mgmt/filestore/echo/local/../../config",
      "/mgmt/filestore/echo/local/..%2f..%2fconfig",
      "/mgmt/filestore/echo/local/%2e%2e/%2e%2e/config",
      "/mgmt/filestore/echo/local/out",
      "/mgmt/filestore/echo/local/out/passwd",
      "/mgmt/filestore/echo/local/echo.js%00",
      "/mgmt/filestore/echo/local//etc/passwd",
      "/mgmt/filestore/echo/etc/passwd",
    ];
    for (const path of outside) {
      const { status, document } = await ask(path);
      expect({ path, status, error: document.error }).toEqual({
        path,
        status: 404,
        error: ["Resource not found."],
      });
    }
  });
});

describe("what would change the image", () => {
  const writes: readonly [string, string, unknown][] = [
    ["PUT", "/mgmt/config/echo/Matching/m", { Matching: { name: "m" } }],
    ["POST", "/mgmt/config/echo/Matching", { Matching: { name: "m" } }],
    ["DELETE", "/mgmt/config/echo/MultiProtocolGateway/echo", undefined],
    ["PUT", "/mgmt/filestore/echo/local/a.js", { file: { name: "a.js", content: "" } }],
    ["POST", "/mgmt/filestore/echo/local", { directory: { name: "a" } }],
    ["DELETE", "/mgmt/filestore/echo/local/echo.js", undefined],
    ["POST", "/mgmt/actionqueue/default", { SaveConfig: {} }],
  ];

  test.each(writes)("%s %s is refused and says why", async (method, path, body) => {
    const { status, document } = await ask(path, { method, body });
    expect(status).toBe(403);
    expect(document).toMatchObject({ _links: { self: { href: path } } });
    expect((document.error as string[]).join(" ")).toContain("immutable image");
  });

  test("harmless actions succeed, unknown ones do not", async () => {
    for (const name of ["FlushDocumentCache", "FlushStylesheetCache", "ErrorReport"]) {
      const { status, document } = await ask("/mgmt/actionqueue/default", {
        method: "POST",
        body: { [name]: {} },
      });
      expect(status).toBe(200);
      expect(document[name]).toBe("Operation completed.");
    }
    const unknown = { method: "POST", body: { Shutdown: {} } };
    expect((await ask("/mgmt/actionqueue/default", unknown)).status).toBe(400);
  });
});

describe("who is let in", () => {
  test.each([
    ["nobody", null],
    ["a wrong password", "admin:nimda"],
    ["an unknown user", "root:admin"],
    ["a user whose rights a group would define", "grouped:admin"],
    ["no colon", "admin"],
  ])("not %s", async (_who, user) => {
    const { status, document } = await ask("/mgmt/", { user });
    expect(status).toBe(401);
    expect(document.error).toEqual(["Authentication failure."]);
  });

  test("not a page of another origin that makes a browser ask", async () => {
    const elsewhere = { headers: { Origin: "https://elsewhere.test" } };
    expect((await ask("/mgmt/", elsewhere)).status).toBe(403);
    const own = { headers: { Origin: `https://127.0.0.1:${tree.rest}` } };
    expect((await ask("/mgmt/", own)).status).toBe(200);
  });

  test("a plain user reads its own domain and nothing else", async () => {
    const user = "looker:admin";
    expect((await ask("/mgmt/config/echo/Matching", { user })).status).toBe(200);
    const domains = await ask("/mgmt/domains/config/", { user });
    expect(domains.document.domain).toMatchObject({ name: "echo" });
    for (const path of [
      "/mgmt/config/default/User",
      "/mgmt/filestore/echo/local",
      "/mgmt/actionqueue/echo",
    ]) {
      expect((await ask(path, { user })).status, path).toBe(404);
    }
    const method = "DELETE";
    expect((await ask("/mgmt/config/echo/Matching/x", { user, method })).status).toBe(404);
  });
});

test("whatever the path and method: JSON, never a fault of the gateway", async () => {
  const word = fc.oneof(
    fc.constantFrom(
      ..."mgmt config status filestore actionqueue metadata types domains drift default echo local".split(
        " ",
      ),
      ..."MultiProtocolGateway __proto__ constructor toString . .. %2e%2e %00 %ff %zz ?a=b".split(
        " ",
      ),
    ),
    fc.webPath(),
    fc.string({ maxLength: 12 }).map((text) => encodeURIComponent(text.toWellFormed())),
  );
  const path = fc.array(word, { maxLength: 7 }).map((words) => `/mgmt/${words.join("/")}`);
  const method = fc.constantFrom("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS");
  const body = fc.oneof(fc.constant(undefined), fc.jsonValue());
  await fc.assert(
    fc.asyncProperty(path, method, body, async (at, how, what) => {
      const { status, type } = await ask(at.replaceAll(/[^!-~]/g, ""), { method: how, body: what });
      expect(type).toBe("application/json");
      expect(status).toBeLessThan(500);
      expect(status).toBeGreaterThanOrEqual(200);
    }),
    { numRuns: 300 },
  );
});

test("the certificate is made for this host, in memory", async () => {
  const raw = await new Promise<Buffer>((resolve, reject) => {
    const options = { host: "127.0.0.1", port: tree.rest, rejectUnauthorized: false };
    const socket = connect(options, () => {
      resolve(socket.getPeerCertificate().raw);
      socket.destroy();
    });
    socket.on("error", reject);
  });
  const certificate = new X509Certificate(raw);
  expect(certificate.checkHost("localhost")).toBe("localhost");
  expect(certificate.checkIP("127.0.0.1")).toBe("127.0.0.1");
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.validToDate.getTime()).toBeGreaterThan(Date.now());
});

test("the page is one document without anything from outside", async () => {
  const page = await manage(tree.page, "/");
  expect(page).toMatchObject({ status: 200, type: "text/html; charset=utf-8" });
  expect(page.text).toContain("echo_http_8080");
  expect(page.text).not.toMatch(/<script|src=|href=|url\(/i);
  expect((await manage(tree.page, "/", { user: null })).status).toBe(401);
  expect((await manage(tree.page, "/other")).status).toBe(404);
  expect((await manage(tree.page, "/", { method: "POST" })).status).toBe(405);
});

test("metrics for Prometheus on the health port", async () => {
  const before = await fetch(`http://127.0.0.1:${tree.port}/counted`);
  await before.text();
  await (await fetch(`http://127.0.0.1:${tree.port}/`, { method: "DELETE" })).text();
  const answer = await fetch(`http://127.0.0.1:${tree.health}/metrics`);
  expect(answer.headers.get("content-type")).toContain("text/plain; version=0.0.4");
  const text = await answer.text();
  const count = /_requests_total\{domain="echo",service="echo",code="2xx"\} (\d+)/.exec(text);
  expect(Number(count?.[1])).toBeGreaterThanOrEqual(1);
  expect(text).toMatch(/_request_duration_seconds_bucket\{le="\+Inf",.*\} [1-9]/);
  expect(text).toContain('lithify_gateway_refused_total{why="method"} 1');
  expect(text).toContain("lithify_gateway_ready 1");
  expect(text).toContain('lithify_gateway_drift{domain="echo"} 0');
});
