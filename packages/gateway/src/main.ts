#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { isFault } from "@lithify/fault";
import { type GatewayEnvironment, readEnvironment } from "./environment.ts";
import { type Log, openLog } from "./log.ts";
import { type Gateway, serveGateway } from "./serve/serve-gateway.ts";
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
  const environment = readEnvironment(process.env);
  const root = process.argv[2] ?? environment.root;
  const log = openLog(
    (line) => process.stdout.write(colored(line, environment)),
    environment.logLevel,
  );
  for (const text of environment.warnings) warn(log, text);
  if (process.env.DATAPOWER_WORKER_THREADS !== undefined && environment.workerThreads > 1) {
    warn(
      log,
      "DATAPOWER_WORKER_THREADS: this gateway runs one data-plane thread; run more instances",
    );
  }
  const stop = stopSignal();
  try {
    const gateway = await serveGateway({
      root,
      log,
      healthPort: environment.healthPort,
      scriptLimit: environment.scriptLimit,
      drainDeadline: environment.drainDeadline,
    });
    reportStart(gateway, root, log);
    await stop;
    log({
      code: "8100006a",
      category: "system",
      priority: "notice",
      text: "Shutting down: finishing requests in flight",
    });
    await gateway.close();
    log({ code: "8100006c", category: "system", priority: "notice", text: "Shut down" });
    return gateway.ports.length > 0 ? 0 : 3;
  } catch (error) {
    if (!isFault(error)) throw error;
    const text = `${error.code}: ${error.message} (${error.hint})`;
    log({ code: "8100003c", category: "system", priority: "critic", text });
    return error.exitCode;
  }
}

function reportStart(gateway: Gateway, root: string, log: Log): void {
  const seconds = process.uptime().toFixed(3);
  const health = gateway.healthPort === undefined ? "" : `, health on port ${gateway.healthPort}`;
  const text = `On-line: ${gateway.ports.length} ports served${health}, ${seconds} s after start`;
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

process.exitCode = await main();
