import type { Rule } from "./rule.ts";

/** What each capability lets a process do to files that modes would stop (capabilities(7)); the others change no file. */
export const changingCapabilities: Readonly<Record<string, string>> = {
  CAP_DAC_OVERRIDE: "every mode and ACL is passed over",
  CAP_CHOWN:
    "you can make yourself the owner of any object that you reach, and an owner can change its mode",
  CAP_FOWNER: "you count as the owner of every object, and an owner can change its mode",
  CAP_SETUID: "you can become root, or the owner of any object",
  CAP_SETGID: "you can join any group",
  CAP_SETFCAP: "you can set and remove the file capabilities of any object, whoever owns it",
  CAP_SYS_ADMIN: "you can mount over any path",
  CAP_SYS_MODULE: "you can load code into the kernel",
  CAP_SYS_BOOT: "you can load another kernel",
  CAP_SYS_RAWIO: "you can write memory and devices directly",
  CAP_SYS_PTRACE: "you can take over any process that you see",
  CAP_SYS_CHROOT: "you can start a set-id program in a root of your own",
  CAP_MKNOD: "you can make a node for any device, and write it where the device cgroup lets you",
  CAP_DAC_READ_SEARCH: "search permission never stops you, and open_by_handle_at(2) needs no path",
  CAP_BPF: "you can load programs into the kernel",
  CAP_PERFMON: "you can watch and steer other processes through the kernel",
};

/** True for a capability with which a process without no_new_privs or with it can change files. */
export function changesFiles(capability: string, noNewPrivileges: boolean): boolean {
  if (!(capability in changingCapabilities)) return false;
  // This one needs a set-id program to take effect at execve(2).
  return !(capability === "CAP_SYS_CHROOT" && noNewPrivileges);
}

/** Routes 7, 20, 32 and 34: the identity holds capabilities by which it changes files, short of the one that passes over every mode. */
export const capability: Rule = {
  code: "LI-CAPABILITY",
  title: "the process holds a capability by which it can change files",
  route: "capability",
  fix: "Drop all capabilities: --cap-drop ALL, or drop: [ALL] in the securityContext.",
  *check({ identity }) {
    if (identity.capabilities.includes("CAP_DAC_OVERRIDE")) return;
    const found = identity.capabilities.filter((name) =>
      changesFiles(name, identity.noNewPrivileges),
    );
    if (found.length === 0) return;
    yield {
      path: "/",
      cause: "capability",
      witness: () => found.map((name) => `you hold ${name}: ${changingCapabilities[name]}`),
    };
  },
};
