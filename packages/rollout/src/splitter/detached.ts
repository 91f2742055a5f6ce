import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Fault, type FaultDocument } from "@lithify/fault";
import { connectSplitter, type RemoteSplitter } from "./remote.ts";
import type { SplitterConfig } from "./splitter.ts";

/** What the splitter's process is started with. */
export interface SplitterProcessConfig {
  readonly socket: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly config: SplitterConfig;
}

const startTimeoutMs = 15_000;

/**
 * The splitter that already serves at the socket, or a new one in a process of its own, which goes on when
 * this one ends. `directory` gets splitter.json and splitter.log.
 * @throws Fault SPLITTER_LISTEN, SPLITTER_FAILED
 */
export async function openDetachedSplitter(
  directory: string,
  config: SplitterProcessConfig,
): Promise<{ readonly splitter: RemoteSplitter; readonly started: boolean }> {
  const running = await connectSplitter(config.socket);
  if (running !== undefined) return { splitter: running, started: false };
  const configFile = join(directory, "splitter.json");
  const logFile = join(directory, "splitter.log");
  writeFileSync(configFile, JSON.stringify(config), { mode: 0o600 });
  const child = start(configFile, logFile);
  const splitter = await firstAnswer(child, config, logFile);
  child.unref();
  return { splitter, started: true };
}

function start(configFile: string, logFile: string): ChildProcess {
  const log = openSync(logFile, "w", 0o600);
  // Published packages hold JavaScript, a checkout TypeScript.
  const main = import.meta.url.endsWith(".ts") ? "./main.ts" : "./main.js";
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL(main, import.meta.url)), configFile],
    { detached: true, stdio: ["ignore", log, log], cwd: "/" },
  );
  closeSync(log);
  return child;
}

async function firstAnswer(
  child: ChildProcess,
  config: SplitterProcessConfig,
  logFile: string,
): Promise<RemoteSplitter> {
  const until = Date.now() + startTimeoutMs;
  let ended = false;
  child.once("exit", () => {
    ended = true;
  });
  child.once("error", () => {
    ended = true;
  });
  for (;;) {
    const splitter = await connectSplitter(config.socket);
    if (splitter !== undefined) return splitter;
    // One more look after the end: another splitter may have been quicker.
    if (ended) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      const other = await connectSplitter(config.socket);
      if (other !== undefined) return other;
      throw startFault(logFile);
    }
    if (Date.now() > until) {
      child.kill("SIGKILL");
      throw new Fault("SPLITTER_FAILED", "start the traffic splitter", {
        why: `it did not answer within ${startTimeoutMs / 1000} s`,
        values: { log: logFile },
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** The fault that the process wrote before it ended. */
function startFault(logFile: string): Fault {
  const text = readFileSync(logFile, "utf8").trim();
  const last = text.split("\n").at(-1) ?? "";
  try {
    const { code, what, why, values } = JSON.parse(last) as FaultDocument;
    return new Fault(code, what, {
      ...(why === undefined ? {} : { why }),
      ...(values === undefined ? {} : { values }),
    });
  } catch {
    return new Fault("SPLITTER_FAILED", "start the traffic splitter", {
      why: last === "" ? "its process ended at once" : last,
      values: { log: logFile },
    });
  }
}
