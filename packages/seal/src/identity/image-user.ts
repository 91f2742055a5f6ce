import { Fault, nearestWord } from "@lithify/fault";
import { parseGroup, parsePasswd } from "@lithify/oci";
import type { Identity } from "./identity.ts";

/** The image's `/etc/passwd` and `/etc/group` as text; empty where there is none. */
export interface Accounts {
  readonly passwd: string;
  readonly group: string;
}

/** What Docker, containerd and CRI-O give uid 0 without `--cap-add` (moby, oci/caps/defaults.go), sorted. */
export const defaultCapabilities: readonly string[] = [
  "CAP_AUDIT_WRITE",
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_MKNOD",
  "CAP_NET_BIND_SERVICE",
  "CAP_NET_RAW",
  "CAP_SETFCAP",
  "CAP_SETGID",
  "CAP_SETPCAP",
  "CAP_SETUID",
  "CAP_SYS_CHROOT",
];

const largestId = 2 ** 31 - 1;

/** As Docker's USER and `-u` have it, without anything added. Throws Fault IDENTITY_UNKNOWN. */
export function plainIdentity(name: string, accounts: Accounts): Identity {
  const colon = name.indexOf(":");
  const userPart = colon === -1 ? name : name.slice(0, colon);
  const groupPart = colon === -1 ? "" : name.slice(colon + 1);
  const user = findUser(name, userPart, accounts);
  const groups = parseGroup(accounts.group).entries;
  if (groupPart !== "") {
    return identityOf(name, user.uid, findGroup(name, groupPart, groups), []);
  }
  const extra = groups
    .filter((group) => user.name !== "" && group.members.includes(user.name))
    .map((group) => group.gid);
  return identityOf(name, user.uid, user.gid, extra);
}

function findUser(
  name: string,
  part: string,
  accounts: Accounts,
): { readonly name: string; readonly uid: number; readonly gid: number } {
  const uid = part === "" ? 0 : numberOf(part);
  const users = parsePasswd(accounts.passwd).entries;
  const known = users.find((user) => (uid === undefined ? user.name === part : user.uid === uid));
  if (known !== undefined) return known;
  if (uid !== undefined && uid <= largestId) return { name: "", uid, gid: 0 };
  const near = nearestWord(
    part,
    users.map((user) => user.name),
  );
  throw new Fault("IDENTITY_UNKNOWN", `the identity ${name}`, {
    why:
      uid === undefined
        ? `the image's /etc/passwd has no user ${part}`
        : `a uid is at most ${largestId}`,
    values: { user: part },
    ...(near === undefined ? {} : { hint: `Did you mean ${near}?` }),
  });
}

/** The gid of a name or number. Throws Fault IDENTITY_UNKNOWN. */
export function findGroup(
  name: string,
  part: string,
  groups: readonly { readonly name: string; readonly gid: number }[],
): number {
  const gid = numberOf(part);
  const known = groups.find((group) =>
    gid === undefined ? group.name === part : group.gid === gid,
  );
  if (known !== undefined) return known.gid;
  if (gid !== undefined && gid <= largestId) return gid;
  throw new Fault("IDENTITY_UNKNOWN", `the identity ${name}`, {
    why:
      gid === undefined
        ? `the image's /etc/group has no group ${part}`
        : `a gid is at most ${largestId}`,
    values: { group: part },
  });
}

function identityOf(name: string, uid: number, gid: number, extra: readonly number[]): Identity {
  return {
    name,
    uid,
    gid,
    groups: sortedIds([gid, ...extra]),
    capabilities: uid === 0 ? defaultCapabilities : [],
    noNewPrivileges: true,
  };
}

/** Without duplicates, in order. */
export function sortedIds(ids: readonly number[]): readonly number[] {
  return [...new Set(ids)].sort((a, b) => a - b);
}

function numberOf(text: string): number | undefined {
  return /^\d{1,10}$/u.test(text) ? Number(text) : undefined;
}
