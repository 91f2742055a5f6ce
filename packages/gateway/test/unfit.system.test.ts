import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freePort } from "./support/free-port.ts";
import { endProgram, waitForPort } from "./support/gateway-program.ts";
import { exchange } from "./support/raw-client.ts";
import { treeOf } from "./support/tree.ts";

/**
 * The XML library's memory is overwritten in the running process, so that its next parse ends in a
 * real trap of WebAssembly.
 */
const spoiler = `
const { instantiate } = WebAssembly;
const memories = [];
WebAssembly.instantiate = async (...args) => {
  const made = await instantiate(...args);
  for (const value of Object.values((made.instance ?? made).exports)) {
    if (value instanceof WebAssembly.Memory) memories.push(value);
  }
  return made;
};
process.on("SIGUSR2", () => {
  for (const { buffer } of memories) new Uint8Array(buffer).fill(255);
});
`;

const config = readFileSync(
  join(import.meta.dirname, "cases/exchanges/xform-identity/echo.cfg"),
  "utf8",
);

interface Started extends Disposable {
  readonly child: ChildProcess;
  readonly health: number;
  log(): string;
  ask(): Promise<string>;
}

/** How the process is started: the gateway's own program, or `lithify gateway serve`. */
type Program = "main" | "lithify";

async function start(workers: number, program: Program = "main"): Promise<Started> {
  const port = await freePort();
  const health = await freePort();
  const tree = treeOf({
    "spoil.mjs": spoiler,
    "config/auto-startup.cfg": 'domain "echo"\n  visible-domain default\nexit\n',
    "config/echo/echo.cfg": config.replace("port 8080", `port ${port}`),
  });
  const command = {
    main: [join(import.meta.dirname, "../src/main.ts"), tree.root],
    lithify: [
      join(import.meta.dirname, "../../cli/bin/lithify.js"),
      ...["gateway", "serve", tree.root, "--health", String(health)],
    ],
  }[program];
  const child = spawn(process.execPath, ["--import", join(tree.root, "spoil.mjs"), ...command], {
    env: {
      ...process.env,
      DATAPOWER_WORKER_THREADS: String(workers),
      GATEWAY_HEALTH_PORT: String(health),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      log += text;
    });
  }
  await waitForPort(port);
  await expect.poll(() => ready(health), { timeout: 20_000 }).toBe(true);
  return {
    child,
    health,
    log: () => log,
    ask: () =>
      exchange(
        port,
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nConnection: close\r\n\r\n<a/>",
      ),
    [Symbol.dispose]() {
      child.kill("SIGKILL");
      tree[Symbol.dispose]();
    },
  };
}

function ready(health: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${health}/`).then(
    ({ ok }) => ok,
    () => false,
  );
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").filter(Boolean).map(Number);
}

test("a process alone whose XML library has failed ends, for what started it to start another", async () => {
  using gateway = await start(1);
  expect(await gateway.ask()).toMatch(/^HTTP\/1.1 200 .*<a\/>/s);
  const exit = once(gateway.child, "exit");
  gateway.child.kill("SIGUSR2");
  // the signal's handler may run after the next request's
  await expect.poll(() => gateway.ask().catch(String)).toMatch(/^HTTP\/1.1 500|ECONN/);
  expect((await exit)[0]).toBe(3);
  expect(gateway.log()).toMatch(
    /\[0x8100003c\]\[system\]\[critic\] This process ends, to be started again: the XML library has failed: /,
  );
  expect(gateway.log()).toContain("Shut down");
});

test("so does the command: with the fault that says why, and the exit code of one", async () => {
  using gateway = await start(1, "lithify");
  expect(await gateway.ask()).toMatch(/^HTTP\/1.1 200 /);
  const close = once(gateway.child, "close");
  gateway.child.kill("SIGUSR2");
  await expect.poll(() => gateway.ask().catch(String)).toMatch(/^HTTP\/1.1 500|ECONN/);
  expect((await close)[0]).toBe(3);
  expect(gateway.log()).toMatch(
    /GATEWAY_UNFIT cannot go on serving .*: the XML library has failed: /,
  );
});

test("a worker whose XML library has failed is replaced, and the others serve on", async () => {
  using gateway = await start(2);
  const before = childrenOf(gateway.child.pid!);
  expect(before).toHaveLength(2);
  process.kill(before[0]!, "SIGUSR2");
  let failed = 0;
  await expect
    .poll(
      async () => {
        const answer = await gateway.ask();
        if (answer.startsWith("HTTP/1.1 500")) failed++;
        return childrenOf(gateway.child.pid!).includes(before[0]!);
      },
      { timeout: 10_000 },
    )
    .toBe(false);
  // the one that met it, and those in flight with it
  expect(failed).toBeLessThanOrEqual(2);
  await expect.poll(() => childrenOf(gateway.child.pid!).length, { timeout: 10_000 }).toBe(2);
  expect(childrenOf(gateway.child.pid!)).toContain(before[1]);
  for (let n = 0; n < 10; n++) expect(await gateway.ask()).toMatch(/^HTTP\/1.1 200 /);
  await expect.poll(() => ready(gateway.health)).toBe(true);
  expect(gateway.log()).toMatch(/Worker \d ended \(3\): it is started again/);
  expect(await endProgram(gateway.child)).toBe(0);
});
