import { modeAndOwner } from "../access/describe.ts";
import { changesFiles, changingCapabilities } from "./capability.ts";
import { gainOf } from "./gain.ts";
import {
  capablePrograms,
  gainedCapabilities,
  setIdPrograms,
  withSetId,
} from "./giving-programs.ts";
import type { Rule } from "./rule.ts";

/** Routes 17 and 18: a program runs with its owner's uid or gid, and with that something can be changed. */
export const setId: Rule = {
  code: "LI-SETID",
  title: "a set-id program can be executed",
  route: "set-id",
  fix: "Run with no new privileges, or remove the bit: `setid: remove` in lithify.yaml.",
  *check(scan) {
    if (scan.identity.noNewPrivileges) return;
    const gains = new Map<string, string | undefined>();
    for (const number of setIdPrograms(scan)) {
      const node = scan.model.node(number);
      if (node === undefined) continue;
      const gained = withSetId(scan.identity, node);
      const key = `${gained.uid}:${gained.gid}`;
      if (!gains.has(key)) gains.set(key, gainOf(scan, gained));
      const gain = gains.get(key);
      if (gain === undefined) continue;
      yield {
        path: node.path,
        cause: `${node.uid}:${node.gid} ${node.mode & 0o6000}`,
        witness: () => [
          `\`${node.path}\` is ${modeAndOwner(scan.model, node)}, you can execute it, and no_new_privs is off`,
          `so what it does, it does as ${node.mode & 0o4000 ? `user ${scan.model.userName(node.uid)}` : `group ${scan.model.groupName(node.gid)}`}`,
          gain,
        ],
      };
    }
  },
};

/** Route 19: a program gains capabilities when it is executed, among them one by which files are changed. */
export const fileCapability: Rule = {
  code: "LI-FILECAP",
  title: "a program with file capabilities can be executed",
  route: "file-capability",
  fix: "Run with no new privileges, or remove them: `capabilities: remove` in lithify.yaml.",
  *check(scan) {
    if (scan.identity.noNewPrivileges) return;
    for (const number of capablePrograms(scan)) {
      const node = scan.model.node(number);
      const gained = gainedCapabilities(scan, number).filter((name) => changesFiles(name, false));
      if (node === undefined || gained.length === 0) continue;
      yield {
        path: node.path,
        cause: node.path,
        witness: () => [
          `\`${node.path}\` has the file capabilities ${gained.join(", ")}, you can execute it, and no_new_privs is off`,
          ...gained.map((name) => `with ${name} ${changingCapabilities[name]}`),
        ],
      };
    }
  },
};
