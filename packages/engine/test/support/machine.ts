import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Why the machine cannot run containers; undefined when it can. Printed once where tests are skipped for it. */
export const missingPart: string | undefined = findMissingPart();

function findMissingPart(): string | undefined {
  if (process.getuid?.() !== 0) return "not root";
  const programs = ["runc", "ip", "tar", "mount"].filter((name) => !isOnPath(name));
  if (programs.length > 0) return `not installed: ${programs.join(", ")}`;
  return existsSync("/bin/busybox") ? undefined : "not installed: busybox-static";
}

if (missingPart !== undefined)
  process.stderr.write(`containers are not tested here: ${missingPart}\n`);

function isOnPath(name: string): boolean {
  return (process.env.PATH ?? "").split(":").some((path) => existsSync(`${path}/${name}`));
}

/** Everything that the machine still holds for these ids: nothing, after a stop. */
export function leftovers(ids: readonly string[]): readonly string[] {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => ids.some((id) => line.includes(id)));
  const namespaces = existsSync("/run/netns") ? readdirSync("/run/netns") : [];
  const groups = readdirSync("/sys/fs/cgroup").flatMap((name) => {
    const path = `/sys/fs/cgroup/${name}`;
    return readdirSync(path).filter((child) => ids.some((id) => child === `lithify-${id}`));
  });
  return [
    ...mounts,
    ...namespaces.filter((name) => ids.some((id) => name === `lithify-${id.slice(0, 12)}`)),
    ...groups,
    ...processesNaming(ids),
  ];
}

/** Command lines of processes that name one of the ids: monitors and runtimes. */
function processesNaming(ids: readonly string[]): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")];
      } catch {
        return [];
      }
    })
    .filter((line) => ids.some((id) => line.includes(id)));
}

/** Host ends of instances' links, by name. */
export function networkLinks(): readonly string[] {
  return readdirSync("/sys/class/net").filter((name) => /^lithify[0-9a-f]{4}$/.test(name));
}
