import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The case folders below `cases`, each served on a port of its own by one process. */
export interface CaseServer {
  readonly ports: Record<string, { port?: number; reasons?: unknown }>;
  /** Null while the process lives. */
  readonly exitCode: number | null;
  stop(): void;
}

/** The program of the process. */
export const caseServerMain = join(import.meta.dirname, "serve-cases.ts");

export async function serveCases(
  cases: string,
  names: readonly string[],
  env: Readonly<Record<string, string>> = {},
  main = caseServerMain,
): Promise<CaseServer> {
  const work = mkdtempSync(join(tmpdir(), "gateway-exchanges-"));
  const child: ChildProcess = spawn(process.execPath, [main, work, cases, ...names], {
    stdio: "pipe",
    env: { ...process.env, ...env },
  });
  let log = "";
  child.stderr!.on("data", (part) => {
    log += String(part);
  });
  const ports: CaseServer["ports"] = await new Promise((resolve, reject) => {
    let text = "";
    child.stdout!.on("data", (part) => {
      text += String(part);
      if (text.endsWith("\n")) resolve(JSON.parse(text) as CaseServer["ports"]);
    });
    child.on("exit", () => reject(new Error(log)));
  });
  return {
    ports,
    get exitCode() {
      return child.exitCode;
    },
    stop() {
      child.stdin!.end();
      rmSync(work, { recursive: true, force: true });
    },
  };
}
