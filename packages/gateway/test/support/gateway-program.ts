import { type ChildProcess, spawn } from "node:child_process";
import { connect } from "node:net";
import { join } from "node:path";
import { exchange } from "./raw-client.ts";

/** The gateway's program in a process of its own, answering on `port`. */
export async function startProgram(
  root: string,
  port: number,
  env: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  const main = join(import.meta.dirname, "../../src/main.ts");
  const child = spawn(process.execPath, [main, root], {
    env: { ...process.env, GATEWAY_HEALTH_PORT: "0", DATAPOWER_LOG_LEVEL: "2", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  child.stdout!.resume();
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the program ended with ${child.exitCode}`);
    try {
      await exchange(port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      return child;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Waits until something listens on a port. */
export async function waitForPort(port: number): Promise<void> {
  for (let tried = 0; ; tried++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      });
      socket.on("error", () => resolve(false));
    });
    if (isOpen) return;
    if (tried === 500) throw new Error(`nothing listens on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Asks the program to end, and gives its exit code. */
export function endProgram(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once("exit", (code) => resolve(code));
    child.kill("SIGTERM");
  });
}
