#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { isFault } from "@lithify/fault";
import { type GatewayEnvironment, readEnvironment } from "./environment.ts";
import { type Log, openLog } from "./log.ts";
import { openHealthPage } from "./serve/health.ts";
import { portsClosed, startWorkers, type WorkerReport, workerVariable } from "./serve/workers.ts";
import { inspectTrees } from "./trees.ts";

/**
 * The container's entry: serves the tree below the first argument, GATEWAY_ROOT or /drouter until
 * SIGTERM or SIGINT. Exit code 0 after serving; 3 when nothing could be served until the end (it
 * stays up for that long, not ready, so that its health and log can be read); a fault's own code
 * when it could not start at all.
 */
async function main(): Promise<number> {
  if (process.argv[2] === "--version") {
    process.stdout.write(`lithify gateway ${version()}\n`);
    return 0;
  }
  keepHeapSmall();
  const environment = readEnvironment(process.env);
  const root = process.argv[2] ?? environment.root;
  const log = openLog(
    (line) => process.stdout.write(colored(line, environment)),
    environment.logLevel,
  );
  try {
    if (process.env[workerVariable] !== undefined) return await work(root, environment, log);
    for (const text of environment.warnings) warn(log, text);
    return environment.workerThreads > 1
      ? await lead(root, environment, log)
      : await serveAlone(root, environment, log);
  } catch (error) {
    if (!isFault(error)) throw error;
    const text = `${error.code}: ${error.message} (${error.hint})`;
    log({ code: "8100003c", category: "system", priority: "critic", text });
    return error.exitCode;
  }
}

/** What a message leaves behind is collected soon: the heap need not grow for it under load. */
function keepHeapSmall(): void {
  setFlagsFromString("--heap-growing-percent=20");
  setFlagsFromString("--semi-space-growth-factor=1");
}

/** One process that does everything. */
async function serveAlone(
  root: string,
  environment: GatewayEnvironment,
  log: Log,
): Promise<number> {
  const stop = stopSignal();
  const { serveGateway } = await import("./serve/serve-gateway.ts");
  const { healthPort, scriptLimit, drainDeadline } = environment;
  const gateway = await serveGateway({ root, log, healthPort, scriptLimit, drainDeadline });
  reportStart(gateway.ports.length, gateway.healthPort, root, log);
  await stop;
  reportStop(log, false);
  await gateway.close();
  reportStop(log, true);
  return gateway.ports.length > 0 ? 0 : 3;
}

/** The process above the workers: it serves only the health page. */
async function lead(root: string, environment: GatewayEnvironment, log: Log): Promise<number> {
  const stop = stopSignal();
  const workers = await startWorkers({
    count: environment.workerThreads,
    program: process.argv[1]!,
    args: process.argv.slice(2),
    log,
  });
  if (typeof workers === "number") return workers;
  try {
    const page = await openHealthPage(environment.healthPort, workers.health);
    reportStart(workers.ports, page.port, root, log);
    await stop;
    await workers.drain();
    reportStop(log, false);
    await workers.close();
    await page.close();
    reportStop(log, true);
    return workers.ports > 0 ? 0 : 3;
  } catch (error) {
    await workers.close();
    throw error;
  }
}

/** One of several: what all would say at the start is said by the first of them. */
async function work(root: string, environment: GatewayEnvironment, log: Log): Promise<number> {
  const stop = stopSignal();
  const { serveGateway } = await import("./serve/serve-gateway.ts");
  const { scriptLimit, drainDeadline } = environment;
  let speaks = process.env[workerVariable] === "1";
  const quiet: Log = Object.assign((event: Parameters<Log>[0]) => speaks && log(event), {
    writes: log.writes ?? (() => true),
  });
  const gateway = await serveGateway({ root, log: quiet, scriptLimit, drainDeadline });
  speaks = true;
  const report: WorkerReport = { ports: gateway.ports.length, health: gateway.health() };
  process.send!(report);
  await stop;
  const closed = gateway.close();
  process.send!(portsClosed);
  await closed;
  return 0;
}

function reportStop(log: Log, done: boolean): void {
  const text = done ? "Shut down" : "Shutting down: finishing requests in flight";
  const code = done ? "8100006c" : "8100006a";
  log({ code, category: "system", priority: "notice", text });
}

function reportStart(ports: number, healthPort: number | undefined, root: string, log: Log): void {
  const seconds = process.uptime().toFixed(3);
  const health = healthPort === undefined ? "" : `, health on port ${healthPort}`;
  const text = `On-line: ${ports} ports served${health}, ${seconds} s after start`;
  log({ code: "8040001c", category: "system", priority: "notice", text });
  setImmediate(() => {
    for (const { tree, answer, witness } of inspectTrees(root)) {
      const priority = answer === "changeable" ? "warn" : "notice";
      const why = witness === undefined ? "" : `: ${witness}`;
      log({
        code: "8100006a",
        category: "system",
        priority,
        text: `${tree} is ${answer} to this process${why}`,
      });
    }
  });
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGTERM", () => resolve());
    process.once("SIGINT", () => resolve());
  });
}

function warn(log: Log, text: string): void {
  log({ code: "8100003c", category: "system", priority: "warn", text });
}

function colored(line: string, environment: GatewayEnvironment): string {
  if (!environment.logColor) return line;
  if (/\]\[(?:emerg|alert|critic|error)\] /.test(line)) return `\u001b[31m${line}\u001b[0m`;
  return /\]\[warn\] /.test(line) ? `\u001b[33m${line}\u001b[0m` : line;
}

function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

const code = await main();
// the channel to the process above would keep a worker alive
if (process.env[workerVariable] !== undefined) process.exit(code);
process.exitCode = code;
