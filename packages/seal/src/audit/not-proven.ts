import { parseGroup } from "@lithify/oci";
import { decodeAcl, defaultAclName } from "../access/acl.ts";
import type { AccessModel } from "../access/model.ts";
import { capablePrograms, setIdPrograms } from "../rules/giving-programs.ts";
import type { Scan } from "../rules/rule.ts";
import { homeOf } from "../start/profiles.ts";

/** What no look at an image can decide, one sentence each; the numbers are those of docs/access-model.md. */
const always: readonly string[] = [
  "Whether other processes of the same uid are reached through /proc or inherited descriptors depends on how the container is run (16).",
  "Groups that an engine adds at run time are covered only where the policy names such an identity; a recursive chown by fsGroup is not in the image (22, 30).",
  "Libraries that a program opens by itself (plug-ins, NSS, PAM) are covered as objects, not by where they are looked for (23).",
  "What a script or a program starts later on is covered as an object, and by PATH (25).",
  "What an operator mounts over or above protected objects is not in the image (28, 29).",
  "User namespaces and mounts depend on the seccomp profile and the kernel's settings (31, 32).",
  "Device nodes depend on the device cgroup that the engine sets (33).",
  "Engine sockets, API tokens, /proc/sys and /sys depend on what the engine mounts (35, 36).",
  "A process can change its own memory, never the file by it (37 to 40).",
  "Faults of the kernel are out of scope (41).",
  "A program of root's that follows links out of a writable path is not seen from here (42).",
];

/** What the audit leaves open for this image: what it always does, and what it found on the way. */
export function notProvenOf(model: AccessModel, scans: readonly Scan[]): readonly string[] {
  const guarded = scans.filter((scan) => scan.identity.noNewPrivileges);
  const found = [
    sentence(
      paths(model, guarded.flatMap(setIdPrograms)),
      (names) => `Set-id programs are held back by no_new_privs alone: ${names} (17, 18).`,
    ),
    sentence(
      paths(model, guarded.flatMap(capablePrograms)),
      (names) => `File capabilities are held back by no_new_privs alone: ${names} (19).`,
    ),
    sentence(
      inheriting(model),
      (names) =>
        `What root creates later in directories with a default ACL gets that ACL: ${names} (9).`,
    ),
    sentence(
      scans.some((scan) => !scan.identity.noNewPrivileges) ? withPassword(model) : [],
      (names) => `Who knows a group's password can join it by newgrp: ${names} (21).`,
    ),
    sentence(
      [...new Set(scans.flatMap(openHomes))],
      (names) =>
        `HOME can be written: a shell that somebody starts there reads its profile files: ${names} (25).`,
    ),
    model.contents === undefined
      ? "Contents were not looked at: interpreters, libraries and search paths of what is started are not followed (23, 25, 26)."
      : undefined,
  ];
  return [...found.filter((each) => each !== undefined), ...always];
}

/** Directories whose default ACL lets a named user, a group or others write, or is malformed. */
function inheriting(model: AccessModel): readonly string[] {
  const numbers = model.protectedLike(({ type, xattrs }) => {
    const bytes = xattrs.get(defaultAclName);
    if (bytes === undefined || type !== "directory") return false;
    const acl = decodeAcl(bytes);
    if (acl.answer === "none") return false;
    const isHarmless =
      acl.answer === "entries" &&
      acl.entries.every(({ tag, permissions }) => tag === "owner" || (permissions & 2) === 0);
    return !isHarmless;
  });
  return paths(model, numbers);
}

/** Groups of the image that have a password; its hash is not read. */
function withPassword(model: AccessModel): readonly string[] {
  const texts = ["/etc/group", "/etc/gshadow"].map((path) => model.contents?.at(path)?.text ?? "");
  const names = texts.flatMap((text) =>
    text.split("\n").flatMap((line) => {
      const [name = "", password = ""] = line.split(":");
      return password === "set" ? [name] : [];
    }),
  );
  const known = new Set(parseGroup(model.accounts.group).entries.map(({ name }) => name));
  return [...new Set(names)].filter((name) => known.has(name));
}

/** HOME where the identity can add files and the policy says that it may: no finding of its own. */
function openHomes({ model, identity }: Scan): readonly string[] {
  if (identity.uid === 0) return [];
  const home = homeOf(model, identity);
  const found = model.tree.resolve(home);
  if (found.answer !== "reached") return [];
  return model.protectionOf(found.node.path) === "writable" ? [home] : [];
}

function sentence(names: readonly string[], say: (names: string) => string): string | undefined {
  return names.length === 0 ? undefined : say(listed(names));
}

function paths(model: AccessModel, numbers: readonly number[]): readonly string[] {
  return [...new Set(numbers)]
    .sort((a, b) => a - b)
    .flatMap((number) => model.node(number)?.path ?? []);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
