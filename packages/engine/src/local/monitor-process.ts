import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Fault } from "@lithify/fault";
import { lastLine } from "../host/program.ts";
import type { MonitorReport } from "./monitor.ts";
import type { InstancePaths } from "./state.ts";

/** The monitor of an instance that is being made. */
export interface MonitorProcess {
  /** Lets it start the instance, whose record and bundle are complete now. Throws the fault that it reports. */
  begin(): Promise<void>;
  /** Ends it. */
  giveUp(): void;
}

/** Starts the monitor, apart from this process: it gets ready while the instance is still being made. */
export function openMonitor(paths: InstancePaths): MonitorProcess {
  const log = openSync(paths.monitorLog, "a", 0o600);
  const child = spawn(process.execPath, [program, paths.directory], {
    cwd: "/",
    detached: true,
    env: { PATH: process.env.PATH ?? "" },
    stdio: ["ignore", log, log, "ipc"],
  });
  closeSync(log);
  const reported = new Promise<void>((resolve, reject) => {
    child.once("error", (cause) => reject(monitorFault(paths, String(cause))));
    child.once("exit", (code) => reject(monitorFault(paths, `it ended with exit code ${code}`)));
    child.once("message", (message) => {
      const report = message as MonitorReport;
      if (report.answer === "running") resolve();
      else reject(new Fault(report.fault.code, report.fault.what, report.fault));
    });
  });
  reported.catch(() => {}); // awaited by begin
  return {
    begin: async () => {
      child.send("begin", () => {}); // a monitor that is gone is told by its exit
      await reported;
      if (child.connected) child.disconnect();
      child.unref();
    },
    giveUp: () => void child.kill("SIGKILL"),
  };
}

const program = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "./monitor.ts" : "./monitor.js", import.meta.url),
);

function monitorFault(paths: InstancePaths, why: string): Fault {
  const said = existsSync(paths.monitorLog) ? lastLine(readFileSync(paths.monitorLog, "utf8")) : "";
  return new Fault("INSTANCE_START_FAILED", "the monitor of the instance", {
    why: said === "" ? why : `${why}: ${said}`,
  });
}
