import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { missingPart } from "./machine.ts";

/** Why no daemon can be started here; undefined when it can. */
export const missingDaemon: string | undefined =
  missingPart ?? (existsSync("/usr/sbin/dockerd") ? undefined : "not installed: docker.io");

if (missingPart === undefined && missingDaemon !== undefined)
  process.stderr.write(`the Docker engine is not tested here: ${missingDaemon}\n`);

export interface TestDaemon {
  readonly socketPath: string;
  close(): Promise<void>;
}

/** A daemon of its own, on a socket in a temporary directory, with a bridge of its own and no packet filter. */
export async function startDaemon(): Promise<TestDaemon> {
  const directory = await mkdtemp(join(tmpdir(), "lithify-dockerd-"));
  const at = (name: string) => join(directory, name);
  const bridge = `lithifyd${process.pid.toString(36)}`.slice(0, 15);
  const third = 1 + (process.pid % 250);
  ip("link", "add", bridge, "type", "bridge");
  ip("addr", "add", `10.214.${third}.1/24`, "dev", bridge);
  ip("link", "set", bridge, "up");
  const places = ["--data-root", at("d"), "--exec-root", at("e"), "--pidfile", at("p")];
  const network = [`--bridge=${bridge}`, "--iptables=false", "--ip6tables=false"];
  const daemon = spawn(
    "/usr/sbin/dockerd",
    ["--host", `unix://${at("s")}`, ...places, ...network],
    {
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  let said = "";
  daemon.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4096);
  });
  const ended = new Promise<void>((resolve) => daemon.once("exit", () => resolve()));
  const close = async () => {
    daemon.kill("SIGTERM");
    await ended;
    ip("link", "del", bridge);
    const mounts = await readFile("/proc/self/mountinfo", "utf8");
    for (const line of mounts.split("\n").toReversed()) {
      const target = line.split(" ")[4] ?? "";
      if (target.startsWith(`${directory}/`)) spawnSync("umount", ["--lazy", target]);
    }
    await rm(directory, { recursive: true, force: true });
  };
  while (!(await answers(at("s")))) {
    if (daemon.exitCode !== null) {
      await close();
      throw new Error(`dockerd ended: ${said}`);
    }
    await sleep(20);
  }
  return { socketPath: at("s"), close };
}

function ip(...args: readonly string[]): void {
  spawnSync("ip", args);
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
