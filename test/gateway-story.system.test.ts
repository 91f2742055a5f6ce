import { mkdirSync, readdirSync } from "node:fs";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { openStore, readFileOf, replayLayers } from "@lithify/oci";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleGateway } from "../packages/build/src/base/gateway-program.ts";
import type { AuditDocument, DriftDocument, ProveDocument } from "./documents.ts";
import { buildExample, copyExample } from "./gateway-image.ts";
import { commandFile } from "./lithify.ts";
import {
  cannotRun,
  heldBy,
  openPlace,
  type Place,
  programPath,
  skips,
  stillHeld,
  until,
} from "./place.ts";
import {
  addressOf,
  type BuildDocument,
  type RunDocument,
  type SealDocument,
} from "./small-image.ts";
import { root } from "./sources.ts";

const script = "/drouter/local/echo/echo.js";
const program = "/opt/lithify/gateway/program/";
const nothing = { namespaces: [], links: [], processes: [], mounts: [] };

interface AttackDocument {
  readonly attempts: readonly { readonly operation: string; readonly observed: string }[];
}

function cannotAssemble(): string | false {
  const reason = cannotRun();
  if (reason !== false) return reason;
  return programPath("apt-get") === undefined ? "no apt-get" : false;
}

describe.skipIf(skips("the story of the gateway", cannotAssemble()))("the gateway's story", () => {
  let place: Place;
  let context: string;
  let built: BuildDocument;
  let sealed: SealDocument;
  let loose: RunDocument;
  let tight: RunDocument;

  beforeAll(async () => {
    place = openPlace();
    await place.ask(["gateway", "image"]);
    context = copyExample(place.at("context"));
    built = await buildExample(place, context, "echo:mutable");
  });
  afterAll(() => place.close());

  it("assembles the same base image again", async () => {
    const again = await place.ask<{ unchanged: boolean }>(["gateway", "image"]);
    expect(again.unchanged).toBe(true);
  });

  it("brings the program that the sources give, and no source", async () => {
    const [gatewayDirectory, faultDirectory] = ["gateway", "fault"].map((name) =>
      join(root, "packages", name),
    ) as [string, string];
    const made = await bundleGateway({ gatewayDirectory, faultDirectory });
    const image = await (await openStore(place.store)).find("gateway-base");
    const tree = await replayLayers(image!.layers, { digests: false });
    const files = [...tree].map(({ path }) => path).filter((path) => path.startsWith(program));
    expect(files.sort()).toEqual([...made.keys()].map((name) => `${program}${name}`).sort());
    for (const [name, text] of made) {
      const found = await readFileOf(image!, `${program}${name}`);
      expect(found?.toString(), name).toBe(text);
    }
    expect([...tree].filter(({ path }) => path.endsWith(".ts"))).toEqual([]);
  });

  it("builds the same digest elsewhere, later, under another umask and time zone", async () => {
    const elsewhere = copyExample(place.at("some where", "else"), new Date());
    const again = await buildExampleUnder("0077", elsewhere);
    expect(again).toMatchObject({ digest: built.digest, cached: 0 });
    const cached = await buildExample(place, context, "echo:mutable");
    expect(cached.digest).toBe(built.digest);
    expect(cached.cached).toBeGreaterThan(0);
  });

  it("runs mutable, answers, and can be changed by its own user", async () => {
    loose = await place.ask(["run", "echo:mutable", "-n", "loose", "-p", "0:8080", "--mutable"]);
    await expectEcho(loose, "GET", "/stillmutable");
    const tried = await place.run<AttackDocument>(["attack", "loose", script, "--json"]);
    expect(tried.exitCode).toBe(1);
    const operations = ["overwrite", "create", "rename", "chmod"];
    expect(tried.document.attempts.map(({ operation }) => operation)).toEqual(operations);
    expect(tried.document.attempts.filter(({ observed }) => observed === "allowed")).not.toEqual(
      [],
    );
  });

  it("audits the image as it was built: not immutable", async () => {
    const audit = await place.run<AuditDocument>(["audit", "echo:mutable", ...policy(), "--json"]);
    expect(audit.exitCode).toBe(1);
    const names = audit.document.identities.map(({ name }) => name);
    expect(names).toEqual(["drouter", "drouter:0", "1000770000:0"]);
    const identities = audit.document.findings.map(({ identity }) => identity);
    expect(new Set(identities)).toEqual(new Set(names));
    const paths = audit.document.findings.flatMap(({ path, alsoPaths = [] }) => [
      path,
      ...alsoPaths,
    ]);
    expect(paths.some((path) => path.endsWith("/drouter/local/echo/echo.js"))).toBe(true);
  });

  it("seals without copying the content of its large layers", async () => {
    sealed = await place.ask(["seal", "echo:mutable", "-t", "echo:sealed", ...policy()]);
    const large = built.layers.filter(({ size }) => size > 1_000_000);
    expect(large.length).toBeGreaterThan(0);
    for (const { digest } of large)
      expect(sealed.plan.find(({ layer }) => layer === digest)?.bytesRewritten).toBe(0);
    expect(sealed.bytesAdded + sealed.bytesRewritten).toBeLessThan(64 * 1024);
  });

  it("audits and proves the sealed image: immutable, and the kernel agrees", async () => {
    const audit = await place.run<AuditDocument>(["audit", "echo:sealed", "--json"]);
    expect(audit.document).toMatchObject({ immutable: true, findings: [], image: sealed.digest });
    expect(audit.exitCode).toBe(0);
    const proof = await place.run<ProveDocument>(["prove", "echo:sealed", "--json"]);
    expect(proof.document).toMatchObject({ immutable: true, disagreements: [], residue: [] });
    expect(proof.exitCode).toBe(0);
    expect(new Set(proof.document.attempts.map(({ identity }) => identity)).size).toBe(3);
  });

  it("audits what Dockerfile.immutable builds: both trees are immutable without a seal", async () => {
    const file = join(context, "Dockerfile.immutable");
    await buildExample(place, context, "echo:chmod", "--file", file);
    const audit = await place.run<AuditDocument>(["audit", "echo:chmod", ...policy(), "--json"]);
    const inTrees = audit.document.findings.filter(({ path, alsoPaths = [] }) =>
      [path, ...alsoPaths].some((each) => each.includes("/drouter/")),
    );
    expect(inTrees).toEqual([]);
    expect(audit.document.findings.length < (await findingsOf("echo:mutable"))).toBe(true);
  });

  it("runs sealed as drouter, without capabilities, on a read-only root", async () => {
    tight = await place.ask(["run", "echo:sealed", "-n", "tight", "-p", "0:8080"]);
    const { stdout } = await exec("tight", "cat", "/proc/1/status");
    expect(stdout).toMatch(/^Uid:\t101\t101\t101\t101$/m);
    expect(stdout).toMatch(/^Gid:\t0\t0\t0\t0$/m);
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
      expect(stdout).toMatch(new RegExp(`^${set}:\\t0000000000000000$`, "m"));
    expect(stdout).toMatch(/^NoNewPrivs:\t1$/m);
    const root = (await exec("tight", "cat", "/proc/1/mounts")).stdout
      .split("\n")
      .find((line) => line.split(" ")[1] === "/");
    expect(root?.split(" ")[3]).toMatch(/^ro(,|$)/);
    await expectWaited(tight);
  });

  it.each(["GET", "POST", "PUT"])("answers %s with its method and URI", async (method) => {
    await expectEcho(tight, method, "/stillmutable");
    await expectEcho(tight, method, "/some/where?a=1&b=%20two&a=3");
  });

  it("refuses a method that its source-http does not allow", async () => {
    expect((await call(tight, "DELETE", "/stillmutable")).status).toBe(405);
  });

  it("answers HEAD with the headers of GET and no body", async () => {
    const get = await call(tight, "GET", "/stillmutable");
    const head = await call(tight, "HEAD", "/stillmutable");
    expect(head).toMatchObject({ status: 200, body: "", type: get.type });
  });

  it("answers 200 requests on 8 connections", async () => {
    const uris = Array.from({ length: 200 }, (_, index) => `/n/${index}`);
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let uri = uris.pop(); uri !== undefined; uri = uris.pop())
          await expectEcho(tight, "GET", uri);
      }),
    );
  });

  it("denies every attack on the sealed instance", async () => {
    const tried = await place.run<AttackDocument>(["attack", "tight", script, "--json"]);
    expect(tried.document.attempts.map(({ observed }) => observed)).toEqual(
      Array(4).fill("denied"),
    );
    expect(tried.exitCode).toBe(0);
  });

  it("finds the drift of the tampered mutable instance, none of the sealed one", async () => {
    const before = (await exec("loose", "stat", "-c", "%s %Y", script)).stdout;
    // One letter for another, as the gateway's own user; the time is put back by its owner.
    const editing = `text=$(sed s/method/nethod/g ${script}) && printf '%s\\n' "$text" > ${script}`;
    expect((await place.run(["exec", "loose", "--", "sh", "-c", editing])).exitCode).toBe(0);
    const time = before.split(" ")[1]?.trim() ?? "";
    await place.ask(["exec", "loose", "-u", "0", "--", "touch", "-d", `@${time}`, script]);
    expect((await exec("loose", "stat", "-c", "%s %Y", script)).stdout).toBe(before);
    const drift = await place.run<DriftDocument>(["drift", "--json"]);
    expect(drift.exitCode).toBe(1);
    const [first, second] = drift.document.instances;
    expect(first?.changes.filter((change) => change.class === "violation")).toContainEqual(
      expect.objectContaining({ kind: "content", path: expect.stringMatching(/echo\/echo\.js$/) }),
    );
    expect(second).toMatchObject({ name: "tight", drifted: false });
  });

  it("drains at SIGTERM: a request that has begun is answered, then nothing is left", async () => {
    const held = heldBy(place);
    const begun = await beginPost(tight, "/drain");
    const stopping = place.ask<{ stopped: readonly object[] }>(["stop", "tight"]);
    await until(async () =>
      call(tight, "GET", "/new").then(
        () => false as const,
        () => true,
      ),
    );
    begun.socket.write("67890");
    const answer = (await begun.answer).replace("HTTP/1.1 100 Continue\r\n\r\n", "");
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toContain('{"method":"POST","uri":"/drain"}');
    expect((await stopping).stopped).toEqual([{ name: "tight", exitCode: 0 }]);
    await place.ask(["stop", "--all"]);
    expect(stillHeld(place, held)).toEqual(nothing);
    expect(readdirSync(join(place.state, "instances"))).toEqual([]);
  });

  async function findingsOf(image: string): Promise<number> {
    const audit = await place.run<AuditDocument>(["audit", image, ...policy(), "--json"]);
    return audit.document.findings.length;
  }

  function policy(): readonly string[] {
    return ["--policy", join(context, "lithify.yaml")];
  }

  /** The example built in a store of its own by a process with this umask. */
  async function buildExampleUnder(umask: string, directory: string): Promise<BuildDocument> {
    const store = place.at("other-store");
    mkdirSync(store);
    const env = { ...place.env, LITHIFY_STORE: store, TZ: "Asia/Kathmandu" };
    await place.ask(["copy", `oci:${place.store}:gateway-base:latest`, "gateway-base"], { env });
    const shell = `umask ${umask}; exec "$0" "$@"`;
    const other: Place = {
      ...place,
      ask: (args) =>
        place.ask(args, {
          env,
          cwd: "/",
          program: ["/bin/sh", "-c", shell, process.execPath, commandFile],
        }),
    };
    return buildExample(other, directory, "echo:mutable");
  }

  function exec(name: string, ...words: readonly string[]): Promise<{ stdout: string }> {
    return place.ask(["exec", name, "--", ...words]);
  }
});

interface HttpAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

function call(instance: RunDocument, method: string, uri: string): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${addressOf(instance)}${uri}`, { method }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.on("error", reject).on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers["content-type"] ?? "",
          body,
        }),
      );
    });
    sent.on("error", reject);
    sent.end(method === "POST" || method === "PUT" ? '{"a":1}' : undefined);
  });
}

async function expectEcho(instance: RunDocument, method: string, uri: string): Promise<void> {
  const answer = await expectWaited(instance, method, uri);
  expect(answer.status).toBe(200);
  expect(answer.type).toMatch(/^application\/json\b/);
  expect(answer.body).toBe(JSON.stringify({ method, uri }));
}

/** The first answer; the gateway needs a moment before it listens. */
async function expectWaited(instance: RunDocument, method = "GET", uri = "/"): Promise<HttpAnswer> {
  return until(() => call(instance, method, uri).catch(() => false as const));
}

/** A POST whose body is half sent. */
async function beginPost(
  instance: RunDocument,
  uri: string,
): Promise<{ readonly socket: Socket; readonly answer: Promise<string> }> {
  const { hostname, port } = new URL(addressOf(instance));
  const socket = connect(Number(port), hostname);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve).once("error", reject);
  });
  const answer = new Promise<string>((resolve, reject) => {
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
    });
    socket.on("error", reject).on("end", () => resolve(text));
  });
  const head = `POST ${uri} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n`;
  socket.write(`${head}Expect: 100-continue\r\n\r\n`);
  await new Promise<void>((resolve, reject) => {
    socket.once("data", () => resolve());
    socket.once("error", reject);
  });
  socket.write("12345");
  return { socket, answer };
}
