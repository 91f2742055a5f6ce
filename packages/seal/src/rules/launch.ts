import { hostDanger } from "../launch/host-paths.ts";
import type { Launch, LaunchFormat } from "../launch/launch.ts";
import { mountEffect } from "../launch/mount-effect.ts";
import type { Hit, Rule, Scan } from "./rule.ts";

/** Routes 28 and 29: a manifest mounts something over, above or among protected objects. */
export const mount: Rule = {
  code: "LI-MOUNT",
  title:
    "something is mounted over protected objects, or writable where the policy knows of nothing",
  route: "mount",
  fix: "Mount it into a path that the policy declares writable, or put what it holds into the image.",
  *check({ model, launch }) {
    for (const one of launch?.mounts ?? []) {
      const effect = mountEffect(model, one);
      if (effect.answer === "expected" || effect.answer === "beside") continue;
      if (effect.answer === "opens" && hostDanger(one) !== undefined) continue; // LI-HOST says it
      const state = one.writable ? "writable" : "read-only";
      yield {
        path: effect.path,
        cause: `${one.place.line}:${one.place.column} ${one.target}`,
        place: one.place,
        witness: () => [
          `${one.what} is mounted at \`${one.target}\`, ${state}`,
          ...(one.target === effect.path
            ? []
            : [`by the image's links that is \`${effect.path}\``]),
          effect.answer === "opens"
            ? "the policy does not declare that path writable"
            : effect.objects === 0
              ? "that lies in a tree with exact modes"
              : `${effect.objects} protected ${effect.objects === 1 ? "object is" : "objects are"} no longer what was sealed`,
        ],
        ...(effect.answer === "opens"
          ? { fix: "Declare it under writable: in lithify.yaml, or mount it read-only." }
          : {}),
      };
    }
  },
};

/** The second fence is down: what changes the image all the same (root by exec, a fault of the kernel) changes it for good. */
export const rootFileSystem: Rule = {
  code: "LI-ROOTFS",
  title: "the root file system is mounted writable",
  route: "writable-root",
  fix: "Run it read-only, as lithify run does, with a tmpfs at each writable path.",
  *check({ launch }) {
    if (launch === undefined || launch.readOnlyRoot.value) return;
    yield {
      path: "/",
      cause: "root",
      place: launch.readOnlyRoot.place,
      witness: () => [
        `${launch.name} does not set ${readOnlyWords[launch.format]}`,
        "so what gets past the modes, as root by exec does, can change the image's files while the container lives",
      ],
      fix: `Set ${readOnlyWords[launch.format]}, with ${launch.format === "kubernetes" ? "an emptyDir" : "a tmpfs"} at each writable path.`,
    };
  },
};

/** Routes 20 and 32 to 36 at once: every capability, every device, nothing covered. */
export const privileged: Rule = {
  code: "LI-PRIVILEGED",
  title: "the container is privileged",
  route: "privileged",
  fix: "Take privileged away; give what is needed by name, and nothing of it to a sealed image.",
  *check({ launch }) {
    if (launch?.privileged === undefined) return;
    yield {
      path: "/",
      cause: "privileged",
      place: launch.privileged,
      witness: () => [
        `${launch.name} is privileged`,
        "so root in it has every capability and the host's devices, and /proc/sys and /sys are open",
      ],
    };
  },
};

/** Route 16: processes of others are seen, and their files and descriptors by /proc. */
export const namespace: Rule = {
  code: "LI-NAMESPACE",
  title: "the container shares its processes with others",
  route: "shared-processes",
  fix: "Leave the process namespace the container's own.",
  *check({ launch }) {
    for (const { value, place } of launch?.sharedProcesses ?? []) {
      yield {
        path: "/",
        cause: value,
        place,
        witness: () => [
          value,
          "who has the same uid, or CAP_SYS_PTRACE, reaches the other's files by /proc/PID/root and its open files by /proc/PID/fd",
        ],
      };
    }
  },
};

/** Routes 35 and 36: an engine, its state or the kernel's settings can be reached. */
export const host: Rule = {
  code: "LI-HOST",
  title: "the host's engine, its state or the kernel's settings can be reached",
  route: "host",
  fix: "Take the mount or the setting away.",
  *check(scan) {
    const { launch } = scan;
    for (const one of launch?.mounts ?? []) {
      const danger = hostDanger(one);
      if (danger === undefined) continue;
      yield {
        path: one.target,
        cause: `${one.place.line}:${one.place.column} ${one.target}`,
        place: one.place,
        witness: () => [`${one.what} is mounted at \`${one.target}\``, danger],
      };
    }
    if (launch !== undefined) yield* unmasked(scan, launch);
  },
};

/** The files there are root's: somebody else can do nothing with them. */
function* unmasked({ identity }: Scan, launch: Launch): Iterable<Hit> {
  if (launch.unmasked === undefined || identity.uid !== 0) return;
  yield {
    path: "/proc/sys",
    cause: "unmasked",
    place: launch.unmasked,
    witness: () => [
      "nothing of /proc is covered or read-only",
      "you are uid 0, which owns /proc/sys and so may set core_pattern and the like",
    ],
  };
}

const readOnlyWords: Readonly<Record<LaunchFormat, string>> = {
  kubernetes: "`readOnlyRootFilesystem: true`",
  compose: "`read_only: true`",
  "docker-run": "`--read-only`",
};
