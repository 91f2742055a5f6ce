import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import { createServer as createHttpServer, get } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exchange } from "./support/raw-client.ts";
import { treeOf } from "./support/tree.ts";

const main = join(import.meta.dirname, "../src/main.ts");
const example = join(import.meta.dirname, "../../../examples/echo-gateway/src");
const startup = readFileSync(join(example, "config/auto-startup.cfg"), "utf8");
const users = readFileSync(join(example, "config/auto-user.cfg"), "utf8");
const echo = readFileSync(join(example, "config/echo/echo.cfg"), "utf8");
const script = readFileSync(join(example, "local/echo/echo.js"), "utf8");

interface Process extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly log: () => string;
  /** Resolves when the log holds a line that matches; rejects when the process ends before. */
  seen(pattern: RegExp): Promise<RegExpExecArray>;
  readonly exit: Promise<number | null>;
}

function start(
  arguments_: readonly string[],
  env: Record<string, string> = {},
  identity: { uid?: number; gid?: number } = {},
): Process {
  const child = spawn(process.execPath, [main, ...arguments_], {
    env: { PATH: process.env.PATH, GATEWAY_HEALTH_PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    ...identity,
  });
  let log = "";
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on("data", (part) => {
      log += String(part);
      for (const wake of waiting) wake();
    });
  }
  const exit = new Promise<number | null>((resolve) => child.on("close", resolve));
  return {
    child,
    exit,
    log: () => log,
    seen: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(log);
          if (found === null) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        void exit.then(() => reject(new Error(`ended without ${String(pattern)}:\n${log}`)));
        look();
      }),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) child.kill("SIGKILL");
      await exit;
    },
  };
}

function exampleOn(port: number, code = script): ReturnType<typeof treeOf> {
  const tree = treeOf({
    "config/auto-startup.cfg": startup,
    "config/auto-user.cfg": users,
    "config/echo/echo.cfg": echo.replace(/^ {2}port 8080$/m, `  port ${port}`),
    "local/echo/echo.js": code,
  });
  chmodSync(tree.root, 0o755);
  return tree;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function health(port: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    get(`http://127.0.0.1:${port}/`, (answer) => {
      let body = "";
      answer.on("data", (part) => {
        body += String(part);
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body }));
    }).on("error", reject);
  });
}

const request = (uri: string): string =>
  `GET ${uri} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;

test("the example: answers, says its start-up sequence, is ready, and ends with 0", async () => {
  const port = await freePort();
  using tree = exampleOn(port);
  await using gateway = start([tree.root], {
    DATAPOWER_ACCEPT_LICENSE: "true",
    DATAPOWER_INTERACTIVE: "true",
  });
  const [, healthPort = ""] = await gateway.seen(/health on port (\d+)/);
  expect(await exchange(port, request("/stillmutable"))).toContain(
    '{"method":"GET","uri":"/stillmutable"}',
  );
  expect(await health(healthPort)).toMatchObject({ status: 200 });
  for (const code of [
    "8040006b",
    "8100006f",
    "8100006d",
    "8100006e",
    "8100006b",
    "8100003b",
    "00350016",
    "00350014",
    "8040001c",
  ]) {
    expect(gateway.log()).toContain(`[0x${code}]`);
  }
  expect(gateway.log()).not.toContain("[warn] DATAPOWER");
  gateway.child.kill("SIGTERM");
  expect(await gateway.exit).toBe(0);
});

test("SIGTERM lets a request in flight finish, refuses new ones, and closes idle connections", async () => {
  let answerNow: (() => void) | undefined;
  const backend = createHttpServer((_, response) => {
    answerNow = () => response.end("slow");
  });
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
  const reached = new Promise<void>((resolve) => backend.once("request", () => resolve()));
  const url = `http://127.0.0.1:${(backend.address() as AddressInfo).port}/`;
  const port = await freePort();
  using tree = exampleOn(
    port,
    `require('urlopen').open('${url}', (error, response) => {
       response.readAsBuffer((problem, bytes) => session.output.write(bytes.toString()));
     });`,
  );
  await using gateway = start([tree.root]);
  await gateway.seen(/On-line/);
  const idle = connect(port, "127.0.0.1");
  const idleEnded = new Promise((resolve) => idle.on("close", resolve));
  idle.on("error", () => {});
  const answer = exchange(port, request("/").replace("Connection: close\r\n", ""));
  await reached;
  gateway.child.kill("SIGTERM");
  await gateway.seen(/Shutting down/);
  await idleEnded;
  await expect(exchange(port, request("/"))).rejects.toThrow(/ECONNREFUSED|ECONNRESET/);
  answerNow?.();
  const text = await answer;
  expect(text).toContain("HTTP/1.1 200 OK");
  expect(text).toContain("Connection: close");
  expect(text).toContain("slow");
  expect(await gateway.exit).toBe(0);
  backend.close();
});

test("a configuration that cannot be served: not ready, with file, line and object; ends with 3", async () => {
  const port = await freePort();
  using tree = treeOf({
    "config/auto-startup.cfg": startup,
    "config/echo/echo.cfg": echo
      .replace("8080", String(port))
      .replace("  type gatewayscript", "  type sql"),
  });
  await using gateway = start([tree.root]);
  const [, healthPort = ""] = await gateway.seen(/health on port (\d+)/);
  const { status, body } = await health(healthPort);
  expect(status).toBe(503);
  expect(body).toMatch(
    /action \\"echo_gatewayscript\\" \(config\/echo\/echo\.cfg:\d+\): action type sql is not served/,
  );
  expect(gateway.log()).toContain("[0x00330019]");
  expect(gateway.log()).toContain("Nothing is served");
  gateway.child.kill("SIGTERM");
  expect(await gateway.exit).toBe(3);
});

test("a file cut in half is CONFIG_TRUNCATED in the log, with its place", async () => {
  using tree = treeOf({
    "config/auto-startup.cfg": startup,
    "config/echo/echo.cfg": echo.slice(0, echo.indexOf("  iterator-type")),
  });
  await using gateway = start([tree.root]);
  await gateway.seen(
    /\[error\] config\/echo\/echo\.cfg:\d+: action "echo_gatewayscript": CONFIG_TRUNCATED: .*the file ends inside/,
  );
});

test("no configuration at all ends at once, with 2", async () => {
  using tree = treeOf({ "local/echo/echo.js": script });
  await using gateway = start([tree.root]);
  expect(await gateway.exit).toBe(2);
  expect(gateway.log()).toContain("CONFIG_MISSING");
});

test("a port in use keeps that service down and names the handler", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
  using tree = exampleOn((server.address() as AddressInfo).port);
  await using gateway = start([tree.root]);
  await gateway.seen(
    /source-http "echo_http_8080" \(config\/echo\/echo\.cfg:\d+\): cannot listen on .*EADDRINUSE/,
  );
  server.close();
});

test("a misspelt variable is warned of, with the one that is meant", async () => {
  using tree = exampleOn(await freePort());
  await using gateway = start([tree.root], {
    DATAPOWER_FAST_STRATUP: "true",
    DATAPOWER_LOG_LEVEL: "loud",
  });
  await gateway.seen(
    /DATAPOWER_FAST_STRATUP is not a variable .* is DATAPOWER_FAST_STARTUP meant\?/,
  );
  await gateway.seen(/DATAPOWER_LOG_LEVEL=loud is not a number/);
});

test("--version", async () => {
  await using gateway = start(["--version"]);
  expect(await gateway.exit).toBe(0);
  expect(gateway.log()).toMatch(/^lithify gateway \d+\.\d+\.\d+\n$/);
});

test("says whether its trees are immutable to it; any uid with gid 0 will do", async (context) => {
  if (process.getuid?.() !== 0) context.skip("only root can start a process as another user");
  const port = await freePort();
  using tree = exampleOn(port);
  for (const [mode, answer] of [
    [0o644, "immutable"],
    [0o664, "changeable"],
  ] as const) {
    chmodSync(join(tree.root, "local/echo/echo.js"), mode);
    await using gateway = start([tree.root], {}, { uid: 54_321, gid: 0 });
    await gateway.seen(new RegExp(`/local is ${answer} to this process`));
    await gateway.seen(/\/config is immutable to this process/);
    expect(await exchange(port, request("/x"))).toContain('"uri":"/x"');
  }
});
