import { readFile, readlink } from "node:fs/promises";
import type { InstanceFacts } from "../engine.ts";
import { unescapeMountPath } from "../root/overlay.ts";
import { capabilitiesFromMask } from "../runtime/capabilities.ts";

/** What the kernel says about the process of an instance: /proc/PID/{environ,cmdline,status,mountinfo,cwd}. */
export async function factsOf(pid: number, started: readonly string[]): Promise<InstanceFacts> {
  const text = (name: string) => readFile(`/proc/${pid}/${name}`, "utf8");
  const [environ, cmdline, status, mountinfo, workingDirectory] = await Promise.all([
    text("environ"),
    text("cmdline"),
    text("status"),
    text("mountinfo"),
    readlink(`/proc/${pid}/cwd`),
  ]);
  const mounts = parseMountInfo(mountinfo);
  return {
    env: zeroSeparated(environ),
    command: zeroSeparated(cmdline),
    started,
    workingDirectory,
    ...parseStatus(status),
    readOnlyRoot: mounts.some((mount) => mount.target === "/" && mount.readOnly),
    mounts: mounts.filter((mount) => mount.target !== "/"),
  };
}

/** Effective ids, groups, effective capabilities and no_new_privs of proc_pid_status(5). */
export function parseStatus(
  status: string,
): Pick<InstanceFacts, "uid" | "gid" | "groups" | "capabilities" | "noNewPrivileges"> {
  const fields = new Map(
    status.split("\n").map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
    }),
  );
  const numbers = (name: string) =>
    (fields.get(name) ?? "").split(/\s+/).filter(Boolean).map(Number);
  return {
    uid: numbers("Uid")[1] ?? -1,
    gid: numbers("Gid")[1] ?? -1,
    groups: numbers("Groups").toSorted((a, b) => a - b),
    capabilities: capabilitiesFromMask(fields.get("CapEff") ?? "0"),
    noNewPrivileges: fields.get("NoNewPrivs") === "1",
  };
}

/** Target, type and whether it is read-only, by the mount or by its file system (proc_pid_mountinfo(5)). */
export function parseMountInfo(text: string): InstanceFacts["mounts"] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [mount = "", fileSystem = ""] = line.split(" - ", 2);
      const [, , , , target = "", options = ""] = mount.split(" ");
      const [type = "", , superOptions = ""] = fileSystem.split(" ");
      const readOnly = [options, superOptions].some((list) => list.split(",").includes("ro"));
      return { target: unescapeMountPath(target), type, readOnly };
    });
}

function zeroSeparated(text: string): readonly string[] {
  return text === "" ? [] : text.replace(/\0$/, "").split("\0");
}
