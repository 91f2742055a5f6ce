import { type Attempt, defaultCapabilities, type Identity, type Policy } from "@lithify/seal";
import type { InstanceFacts } from "../engine.ts";

/** Settings of the kernel that start programs or act on every process (36), and sockets of engines (35): never opened, only asked about. */
const reached: readonly (readonly [string, string])[] = [
  ["kernel-setting", "/proc/sys/kernel/core_pattern"],
  ["kernel-setting", "/proc/sys/kernel/modprobe"],
  ["kernel-setting", "/proc/sys/fs/binfmt_misc/register"],
  ["kernel-setting", "/proc/sysrq-trigger"],
  ["kernel-setting", "/proc/kcore"],
  ["kernel-setting", "/sys/kernel/uevent_helper"],
  ["kernel-setting", "/sys/fs/cgroup/release_agent"],
  ["engine-socket", "/run/docker.sock"],
  ["engine-socket", "/var/run/docker.sock"],
  ["engine-socket", "/run/containerd/containerd.sock"],
  ["engine-socket", "/run/crio/crio.sock"],
  ["engine-socket", "/run/podman/podman.sock"],
];

/**
 * What an image cannot tell and a running container can: the model expects nothing of it, but that the system-call filter of
 * an engine refuses user namespaces (31).
 */
export function surroundingAttempts(identity: Identity): readonly Attempt[] {
  const { name, capabilities, bounding = defaultCapabilities } = identity;
  const mayAdminister = [...capabilities, ...bounding].includes("CAP_SYS_ADMIN");
  return [
    ...reached.map(
      ([route, path]): Attempt => ({
        route,
        operation: "access-write",
        path,
        identity: name,
        expected: "unknown",
      }),
    ),
    {
      route: "user-namespace",
      operation: "unshare",
      path: "/",
      identity: name,
      expected: mayAdminister ? "unknown" : "denied",
    },
  ];
}

/** Route 28: mounts in the container that neither the engine makes everywhere nor the policy asks for; what they hide was not tried. */
export function strangeMounts(
  { mounts }: Pick<InstanceFacts, "mounts">,
  policy: Pick<Policy, "writable">,
): readonly string[] {
  const isExpected = (target: string) =>
    target === "/" ||
    ["/proc", "/sys", "/dev"].some((top) => target === top || target.startsWith(`${top}/`)) ||
    ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf"].includes(target) ||
    policy.writable.includes(target);
  return mounts.map(({ target }) => target).filter((target) => !isExpected(target));
}
