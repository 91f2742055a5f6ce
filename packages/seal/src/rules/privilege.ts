import type { Kind } from "@lithify/oci";
import { modeAndOwner } from "../access/describe.ts";
import { decodeFileCapabilities } from "../access/file-capability.ts";
import { execute, permissionOf } from "../access/permission.ts";
import type { Identity } from "../identity/identity.ts";
import { defaultCapabilities } from "../identity/image-user.ts";
import { changesFiles, changingCapabilities } from "./capability.ts";
import type { Rule, Scan } from "./rule.ts";

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

/** Set-id files that the identity can execute, and that belong to somebody else. A script's bits count for nothing (execve(2)). */
export function setIdPrograms(scan: Scan): readonly number[] {
  return executables(scan, (kind) => {
    if ((kind.mode & 0o6000) === 0) return false;
    const gained = withSetId(scan.identity, kind);
    return gained.uid !== scan.identity.uid || gained.gid !== scan.identity.gid;
  });
}

/** Files with `security.capability` that the identity can execute, and that gain it anything or are malformed. */
export function capablePrograms(scan: Scan): readonly number[] {
  return executables(scan, (kind) => kind.xattrs.has("security.capability"));
}

/** Why a program's file capabilities cannot be told; undefined when they can. */
export function capabilityTrouble(scan: Scan, number: number): string | undefined {
  const bytes = scan.model.node(number)?.xattrs.get("security.capability");
  if (bytes === undefined) return undefined;
  const decoded = decodeFileCapabilities(bytes);
  return decoded.answer === "malformed" ? decoded.why : undefined;
}

/** Who the process is when it executes the file, as bprm_fill_uid() has it; gid bits without group execute mean locking. */
export function withSetId(
  identity: Identity,
  node: { readonly mode: number; readonly uid: number; readonly gid: number },
): Identity {
  const asUser = (node.mode & 0o4000) !== 0;
  const asGroup = (node.mode & 0o2010) === 0o2010;
  const uid = asUser ? node.uid : identity.uid;
  const bounding = identity.bounding ?? defaultCapabilities;
  return {
    ...identity,
    uid,
    gid: asGroup ? node.gid : identity.gid,
    capabilities: uid === 0 && asUser ? bounding : identity.capabilities,
  };
}

/** pP' = pF & bounding; with the effective bit and a capability outside the bounding set execve(2) fails (capabilities(7)). */
function gainedCapabilities(scan: Scan, number: number): readonly string[] {
  const bytes = scan.model.node(number)?.xattrs.get("security.capability");
  const decoded = bytes === undefined ? undefined : decodeFileCapabilities(bytes);
  if (decoded?.answer !== "capabilities" || decoded.value.rootUid !== 0) return [];
  const bounding = scan.identity.bounding ?? defaultCapabilities;
  const { permitted, effective } = decoded.value;
  const gained = permitted.filter((name) => bounding.includes(name));
  return effective && gained.length < permitted.length ? [] : gained;
}

/** What the gained identity can change and the plain one cannot; undefined: nothing. */
function gainOf(scan: Scan, gained: Identity): string | undefined {
  const found = gained.capabilities.find(
    (name) => !scan.identity.capabilities.includes(name) && changesFiles(name, false),
  );
  if (found !== undefined) {
    return `it then holds ${gained.capabilities.length} capabilities, ${found} among them: ${changingCapabilities[found]}`;
  }
  const view = scan.model.viewOf(gained);
  for (const number of scan.model.protectedNumbers()) {
    if (scan.model.kind(number)?.type === "symlink") continue;
    const more = (["writable", "addable", "replaceable", "owned"] as const).find(
      (deed) => view[deed](number) !== "no" && scan.view[deed](number) === "no",
    );
    const path = more === undefined ? undefined : scan.model.node(number)?.path;
    if (path !== undefined) return `with that it can change \`${path}\`, which you cannot`;
  }
  return undefined;
}

/** Files of these kinds, protected or not, that the identity can execute, without scripts: what they have counts for nothing. */
function executables(scan: Scan, fits: (kind: Kind) => boolean): readonly number[] {
  const numbers = scan.model.like(
    (kind) =>
      kind.type === "file" &&
      fits(kind) &&
      permissionOf(kind, scan.identity, execute).answer !== "no",
  );
  return numbers.filter(
    (number) =>
      scan.model.contents?.at(scan.model.node(number)?.path ?? "")?.script === undefined &&
      scan.view.reachOf(scan.view.bestName(number)) !== "no",
  );
}
