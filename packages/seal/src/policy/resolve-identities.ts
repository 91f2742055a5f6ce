import { type Image, parseGroup, readFileOf, type Tree } from "@lithify/oci";
import type { Identity } from "../identity/identity.ts";
import { type Accounts, findGroup, plainIdentity, sortedIds } from "../identity/image-user.ts";
import { openShiftIdentity, securityContextIdentity } from "../identity/kubernetes-identity.ts";
import { identityOptions, kubernetesForm, openShiftForm } from "../identity/text.ts";
import type { Policy } from "./policy.ts";
import { imageUser } from "./profiles.ts";

/**
 * Who `docker run -u NAME` would be: `user`, `uid`, `user:group`, `uid:gid`, or nothing for root.
 * A number is always a uid; one that passwd does not know gets gid 0; group members from
 * `/etc/group` count only when passwd knows the user and no group is given (moby/sys/user,
 * GetExecUser). Behind it may come what the engine adds: `+27,audio` groups (`--group-add`), then
 * `cap=`, `bound=`, `nnp=off`; or the whole is `kubernetes(…)` or `openshift(UID)`: identity-text.ts.
 * Throws Fault IDENTITY_UNKNOWN for a name that passwd or group does not have.
 */
export function resolveIdentity(name: string, accounts: Accounts, imageUserName = ""): Identity {
  const pod = kubernetesForm(name);
  if (pod !== undefined) {
    return { ...securityContextIdentity(pod, { accounts, user: imageUserName }), name };
  }
  const uid = openShiftForm(name);
  if (uid !== undefined) return { ...openShiftIdentity(uid), name };
  const { user, groups, capabilities, bounding, noNewPrivileges } = identityOptions(name);
  const plain = plainIdentity(user, accounts);
  const known = parseGroup(accounts.group).entries;
  const added = groups.map((group) => findGroup(name, group, known));
  return {
    ...plain,
    name,
    groups: sortedIds([...plain.groups, ...added]),
    capabilities: [...new Set([...plain.capabilities, ...capabilities])].sort(),
    ...(bounding === undefined ? {} : { bounding }),
    noNewPrivileges,
  };
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
  accounts?: Accounts,
): Promise<readonly Identity[]> {
  return resolveIdentities(
    image.config.config?.User ?? "",
    policy,
    accounts ?? (await accountsOf(image)),
    extra,
  );
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
  const meant = names.map((name) => name.replace(ownUser, () => user || "root"));
  return [...new Set(meant)].map((name) => resolveIdentity(name, accounts, user));
}

/** The word for the image's USER, alone or with what an engine adds behind it. */
const ownUser = new RegExp(`^${imageUser}(?=$|[+,])`, "u");
