import { Fault, nearestWord } from "@lithify/fault";
import { type Image, parseGroup, parsePasswd, readFileOf, type Tree } from "@lithify/oci";
import type { Identity } from "./identity.ts";
import type { Policy } from "./policy.ts";
import { imageUser } from "./policy-profiles.ts";

/** The image's `/etc/passwd` and `/etc/group` as text; empty where there is none. */
export interface Accounts {
  readonly passwd: string;
  readonly group: string;
}

/** What Docker gives uid 0 without `--cap-add` (moby, oci/caps/defaults.go), sorted. */
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

/**
 * Who `docker run -u NAME` would be: `user`, `uid`, `user:group`, `uid:gid`, or nothing for root.
 * A number is always a uid; one that passwd does not know gets gid 0; group members from
 * `/etc/group` count only when passwd knows the user and no group is given (moby/sys/user,
 * GetExecUser). Throws Fault IDENTITY_UNKNOWN for a name that passwd or group does not have.
 */
export function resolveIdentity(name: string, accounts: Accounts): Identity {
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

/** `accounts` of an image, links followed, at most as large as oci reads. */
export async function accountsOf(image: Image): Promise<Accounts> {
  const text = async (path: string) => (await readFileOf(image, path))?.toString("utf8") ?? "";
  return { passwd: await text("/etc/passwd"), group: await text("/etc/group") };
}

/**
 * The identities to prove for: the policy's, the user of the sealed image, then `extra`; `USER`
 * means the image's own. Each name comes once.
 * Throws Fault IDENTITY_UNKNOWN.
 */
export async function identitiesOf(
  image: Image,
  _tree: Tree,
  policy: Policy,
  extra: readonly string[] = [],
): Promise<readonly Identity[]> {
  return resolveIdentities(image.config.config?.User ?? "", policy, await accountsOf(image), extra);
}

/** As identitiesOf, without reading: `user` is the image's USER. */
export function resolveIdentities(
  user: string,
  policy: Policy,
  accounts: Accounts,
  extra: readonly string[] = [],
): readonly Identity[] {
  const names = [
    ...policy.identities,
    ...(policy.user === undefined ? [] : [policy.user]),
    ...extra,
  ];
  const meant = names.map((name) => (name === imageUser ? user || "root" : name));
  return [...new Set(meant)].map((name) => resolveIdentity(name, accounts));
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

function findGroup(
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
    groups: [...new Set([gid, ...extra])].sort((a, b) => a - b),
    capabilities: uid === 0 ? defaultCapabilities : [],
    noNewPrivileges: true,
  };
}

function numberOf(text: string): number | undefined {
  return /^\d{1,10}$/u.test(text) ? Number(text) : undefined;
}
