import { decide } from "../decide.ts";
import { modeAndOwner } from "../describe.ts";
import { execute, permissionOf } from "../permission.ts";
import type { Rule, Scan } from "../rule.ts";

/** Routes 17 and 18: a program runs with its owner's uid or gid. */
export const setId: Rule = {
  code: "LI-SETID",
  title: "a set-id program can be executed",
  route: "set-id",
  fix: "Run with no new privileges, or remove the bit: `setid: remove` in lithify.yaml.",
  *check(scan) {
    if (scan.identity.noNewPrivileges) return;
    for (const number of setIdPrograms(scan)) {
      const node = scan.model.nodes[number];
      if (node === undefined) continue;
      yield {
        path: node.path,
        cause: `${node.uid}:${node.gid} ${node.mode & 0o6000}`,
        witness: () => [
          `\`${node.path}\` is ${modeAndOwner(scan.model, node)}, you can execute it, and no_new_privs is off`,
          `so what it does, it does as ${node.mode & 0o4000 ? `user ${scan.model.userName(node.uid)}` : `group ${scan.model.groupName(node.gid)}`}`,
        ],
      };
    }
  },
};

/** Route 19: a program gains capabilities when it is executed. */
export const fileCapability: Rule = {
  code: "LI-FILECAP",
  title: "a program with file capabilities can be executed",
  route: "file-capability",
  fix: "Run with no new privileges, or remove them: `capabilities: remove` in lithify.yaml.",
  *check(scan) {
    if (scan.identity.noNewPrivileges) return;
    for (const number of capablePrograms(scan)) {
      const node = scan.model.nodes[number];
      if (node === undefined) continue;
      yield {
        path: node.path,
        cause: node.path,
        witness: () => [
          `\`${node.path}\` has file capabilities, you can execute it, and no_new_privs is off`,
        ],
      };
    }
  },
};

/** Route 21: a file that decides who somebody is can be changed. */
export const accounts: Rule = {
  code: "LI-ACCOUNTS",
  title: "a file that decides who somebody is can be changed",
  route: "accounts",
  fix: "Make it root's, 0644 (shadow 0640). An entrypoint that adds its own uid to passwd does not need to.",
  *check(scan) {
    for (const path of accountFiles) {
      const found = scan.model.tree.resolve(path);
      if (found.answer !== "reached") continue;
      const number = scan.model.numberOf(found.node.path) ?? 0;
      const written = found.node.type === "file" && scan.view.writable(number) === "yes";
      if (!written && scan.view.replaceable(number) !== "yes") continue;
      yield {
        path: found.node.path,
        cause: found.node.path,
        witness: () =>
          decide(scan.model, scan.identity, written ? "open-write" : "rename", found.node.path).why,
      };
    }
  },
};

/** Set-id files that the identity can execute, and that belong to somebody else. */
export function setIdPrograms(scan: Scan): readonly number[] {
  return executables(scan, (number) => {
    const node = scan.model.nodes[number];
    if (node === undefined || (node.mode & 0o6000) === 0) return false;
    const asUser = (node.mode & 0o4000) !== 0 && node.uid !== scan.identity.uid;
    // Without group execute the bit means mandatory locking, not set-group-id (inode(7)).
    const asGroup = (node.mode & 0o2010) === 0o2010 && node.gid !== scan.identity.gid;
    return asUser || asGroup;
  });
}

/** Files with `security.capability` that the identity can execute. */
export function capablePrograms(scan: Scan): readonly number[] {
  return executables(
    scan,
    (number) => scan.model.nodes[number]?.xattrs.has("security.capability") === true,
  );
}

function executables(scan: Scan, fits: (number: number) => boolean): readonly number[] {
  return scan.model.nodes.flatMap((node, number) => {
    if (node.type !== "file" || !fits(number)) return [];
    if (permissionOf(node, scan.identity, execute).answer === "no") return [];
    return scan.view.reachOf(number) === "no" ? [] : [number];
  });
}

const accountFiles = [
  "/etc/group",
  "/etc/gshadow",
  "/etc/nsswitch.conf",
  "/etc/pam.conf",
  "/etc/pam.d",
  "/etc/passwd",
  "/etc/shadow",
  "/etc/sudoers",
  "/etc/sudoers.d",
];
