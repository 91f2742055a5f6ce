import type { AccessModel } from "./model.ts";
import type { Scan } from "./rule.ts";
import { capablePrograms, setIdPrograms } from "./rules/privilege.ts";

/** What no look at an image can decide, one sentence each; the numbers are those of docs/access-model.md. */
const always: readonly string[] = [
  "Whether other processes of the same uid are reached through /proc or inherited descriptors depends on how the container is run (16).",
  "Groups that an engine adds at run time (--group-add, fsGroup, supplementalGroups) are covered only where the policy names such an identity (22, 30).",
  "Where the dynamic loader looks for libraries (RPATH, LD_LIBRARY_PATH, ld.so.preload) is not followed (23).",
  "Interpreters that scripts name, health checks through a shell, and profile files under HOME are not followed (25).",
  "Search paths of language runtimes (NODE_PATH, PYTHONPATH, CLASSPATH and the like) are not followed (26).",
  "What an operator mounts over or above protected objects is not in the image (28, 29).",
  "User namespaces and mounts depend on the seccomp profile and the kernel's settings (31, 32).",
  "Device nodes depend on the device cgroup that the engine sets (33).",
  "Engine sockets, API tokens, /proc/sys and /sys depend on what the engine mounts (35, 36).",
  "A process can change its own memory, never the file by it (37 to 40).",
  "Faults of the kernel are out of scope (41).",
  "A program of root's that follows links out of a writable path is not seen from here (42).",
];

/** What the audit leaves open for this image: what it always does, and what no_new_privs is trusted for. */
export function notProvenOf(model: AccessModel, scans: readonly Scan[]): readonly string[] {
  const guarded = scans.filter((scan) => scan.identity.noNewPrivileges);
  const setId = paths(model, guarded.flatMap(setIdPrograms));
  const capable = paths(model, guarded.flatMap(capablePrograms));
  return [
    ...(setId.length === 0
      ? []
      : [`Set-id programs are held back by no_new_privs alone: ${listed(setId)} (17, 18).`]),
    ...(capable.length === 0
      ? []
      : [`File capabilities are held back by no_new_privs alone: ${listed(capable)} (19).`]),
    ...always,
  ];
}

function paths(model: AccessModel, numbers: readonly number[]): readonly string[] {
  return [...new Set(numbers)]
    .sort((a, b) => a - b)
    .flatMap((number) => model.nodes[number]?.path ?? []);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
