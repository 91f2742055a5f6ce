import type { TreeNode } from "@lithify/oci";
import { accessAclName, accessAclOf, defaultAclName } from "../access/acl.ts";
import { isMember } from "../access/permission.ts";
import type { Identity } from "../identity/identity.ts";
import type { Policy } from "../policy/policy.ts";
import { isWithin } from "../policy/resolve.ts";

/** What sealing makes of one object. */
export interface Wanted {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly removeXattrs: readonly string[];
}

/** Mode and owner of a writable directory: root's and sticky, so that any identity can add and none can replace what others added. */
export const writableDirectory: Wanted = { mode: 0o1777, uid: 0, gid: 0, removeXattrs: [] };

/**
 * What the object has to become under the policy (paths resolved), whoever the identities are:
 * in a strict tree exactly its modes and root:root, without set-id, ACLs and capabilities; a
 * writable directory 1777 root:root; below it as it is; elsewhere root instead of an identity as
 * the owner and no write for group and others. Undefined: it may stay as it is.
 */
export function wantedOf(
  node: TreeNode,
  policy: Policy,
  identities: readonly Identity[],
): Wanted | undefined {
  const wanted = attributesOf(node, policy, identities);
  if (wanted === undefined) return undefined;
  const same =
    wanted.mode === node.mode &&
    wanted.uid === node.uid &&
    wanted.gid === node.gid &&
    wanted.removeXattrs.length === 0;
  return same ? undefined : wanted;
}

/** The object as sealing leaves it. */
export function withWanted(node: TreeNode, wanted: Wanted | undefined): TreeNode {
  if (wanted === undefined) return node;
  const { mode, uid, gid, removeXattrs } = wanted;
  const xattrs = new Map([...node.xattrs].filter(([name]) => !removeXattrs.includes(name)));
  return { ...node, mode, uid, gid, xattrs };
}

function attributesOf(
  node: TreeNode,
  policy: Policy,
  identities: readonly Identity[],
): Wanted | undefined {
  if (policy.writable.includes(node.path)) {
    return { ...writableDirectory, removeXattrs: present(node, accessAclName, defaultAclName) };
  }
  if (policy.writable.some((top) => isWithin(node.path, top))) return undefined;
  const tree = policy.trees.find((each) => isWithin(node.path, each.path));
  if (tree === undefined) return outsideTrees(node, policy, identities);
  const removeXattrs = present(node, accessAclName, defaultAclName, "security.capability");
  if (node.type === "symlink") return { mode: node.mode, uid: 0, gid: 0, removeXattrs };
  const mode = node.type === "directory" ? tree.directories : tree.files;
  return { mode, uid: 0, gid: 0, removeXattrs };
}

function outsideTrees(node: TreeNode, policy: Policy, identities: readonly Identity[]): Wanted {
  const owner = identities.find((identity) => identity.uid === node.uid && identity.uid !== 0);
  const acl = aclChange(node);
  const setid = policy.setid === "remove" && node.type === "file" ? 0o6000 : 0;
  const capability = policy.capabilities === "remove" ? present(node, "security.capability") : [];
  const removeXattrs = [...acl.removeXattrs, ...capability];
  if (node.type === "symlink") {
    return {
      mode: node.mode,
      uid: owner === undefined ? node.uid : 0,
      gid: node.gid,
      removeXattrs,
    };
  }
  const mode = acl.mode & ~setid & ~0o022;
  if (owner === undefined) return { mode, uid: node.uid, gid: node.gid, removeXattrs };
  return { ...keepingAccess(node, mode, owner), removeXattrs };
}

/**
 * The former owner keeps reading and executing: where the class that he falls into now would not
 * let him, the object gets his group, and its group bits are his former ones (`g=u`, as OpenShift
 * asks of images), less write.
 */
function keepingAccess(
  node: TreeNode,
  mode: number,
  owner: Identity,
): { readonly mode: number; readonly uid: number; readonly gid: number } {
  const needs = (mode >> 6) & 5;
  const has = isMember(owner, node.gid) ? (mode >> 3) & 7 : mode & 7;
  if ((needs & ~has) === 0) return { mode, uid: 0, gid: node.gid };
  if (isMember(owner, node.gid)) return { mode: mode | (needs << 3), uid: 0, gid: node.gid };
  return { mode: (mode & ~0o070) | (needs << 3), uid: 0, gid: owner.gid };
}

/** ACLs that grant writing, or that nobody can read, go; the group bits, which were the mask, become the owning group's own. */
function aclChange(node: TreeNode): {
  readonly mode: number;
  readonly removeXattrs: readonly string[];
} {
  const keep = { mode: node.mode, removeXattrs: [] };
  const removeXattrs = present(node, accessAclName, defaultAclName);
  if (removeXattrs.length === 0 || node.type === "symlink") return keep;
  const acl = accessAclOf(node);
  if (acl.answer === "none") return keep;
  if (acl.answer === "malformed") return { mode: node.mode, removeXattrs };
  const mask = acl.entries.find((entry) => entry.tag === "mask")?.permissions ?? 7;
  const writes = acl.entries.some(
    (entry) =>
      entry.tag !== "owner" &&
      entry.tag !== "mask" &&
      (entry.permissions & (entry.tag === "other" ? 7 : mask) & 2) !== 0,
  );
  if (!writes) return keep;
  const group = acl.entries.find((entry) => entry.tag === "owning-group")?.permissions ?? 0;
  return { mode: (node.mode & ~0o070) | ((group & mask) << 3), removeXattrs };
}

function present(node: TreeNode, ...names: readonly string[]): readonly string[] {
  return names.filter((name) => node.xattrs.has(name));
}
