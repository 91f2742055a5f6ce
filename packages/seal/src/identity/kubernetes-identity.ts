import { parseGroup, parsePasswd } from "@lithify/oci";
import { capabilityNames } from "./capability-names.ts";
import type { Identity } from "./identity.ts";
import { type Accounts, defaultCapabilities, plainIdentity } from "./image-user.ts";
import type { SecurityContext } from "./security-context.ts";
import { capabilityName } from "./text.ts";

/**
 * Who the kubelet and a CRI runtime start: runAsUser, else the user of the image's USER, whose group the kubelet
 * passes over (kubernetes/kubernetes#61967); runAsGroup, else the gid that the image's passwd gives the user,
 * else 0. A user other than root has no effective capabilities; what is added is in the bounding set.
 * Throws Fault IDENTITY_UNKNOWN.
 */
export function securityContextIdentity(
  context: SecurityContext,
  image: { readonly accounts: Accounts; readonly user: string },
): Identity {
  const { runAsUser, runAsGroup, privileged } = context;
  const start = runAsUser === undefined ? image.user.split(":", 1)[0] || "0" : String(runAsUser);
  const user = plainIdentity(start, image.accounts);
  const gid = runAsGroup ?? user.gid;
  const isStrict = context.supplementalGroupsPolicy === "Strict";
  const merged = isStrict ? [] : memberships(start, user.uid, image.accounts);
  const groups = [
    gid,
    ...merged,
    ...(context.supplementalGroups ?? []),
    ...(context.fsGroup === undefined ? [] : [context.fsGroup]),
  ];
  const bounding = boundingOf(context);
  return {
    name: "kubernetes",
    uid: user.uid,
    gid,
    groups: [...new Set(groups)].sort((a, b) => a - b),
    capabilities: user.uid === 0 ? bounding : [],
    bounding,
    noNewPrivileges: context.allowPrivilegeEscalation === false && privileged !== true,
  };
}

/**
 * OpenShift's restricted-v2: a uid of the namespace's range that no passwd knows, gid 0, the range's fsGroup,
 * all capabilities dropped, no privilege escalation.
 */
export function openShiftIdentity(uid: number): Identity {
  return {
    name: `openshift(${uid})`,
    uid,
    gid: 0,
    groups: [0, uid],
    capabilities: [],
    bounding: [],
    noNewPrivileges: true,
  };
}

/** The groups whose member lists name the user, in the image; none for a uid that passwd does not know. */
function memberships(start: string, uid: number, accounts: Accounts): readonly number[] {
  const users = parsePasswd(accounts.passwd).entries;
  const isNamed = users.some((user) => user.name === start && user.uid === uid);
  const name = isNamed ? start : users.find((user) => user.uid === uid)?.name;
  if (name === undefined) return [];
  return parseGroup(accounts.group)
    .entries.filter((group) => group.members.includes(name))
    .map((group) => group.gid);
}

/** The bounding set that an engine gives: its fourteen, less what is dropped, and what is added. Throws Fault IDENTITY_UNKNOWN. */
export function boundingOf({
  privileged,
  addCapabilities = [],
  dropCapabilities = [],
}: SecurityContext): readonly string[] {
  if (privileged === true) return capabilityNames.toSorted();
  const all = (names: readonly string[]) => names.some((name) => name.toUpperCase() === "ALL");
  const named = (names: readonly string[]) =>
    names.filter((name) => name.toUpperCase() !== "ALL").map((name) => capabilityName("", name));
  const dropped = new Set(all(dropCapabilities) ? capabilityNames : named(dropCapabilities));
  const base = all(addCapabilities) ? capabilityNames : defaultCapabilities;
  const kept = base.filter((name) => !dropped.has(name));
  // What is added by name counts also where ALL is dropped.
  return [...new Set([...kept, ...named(addCapabilities)])].sort();
}
