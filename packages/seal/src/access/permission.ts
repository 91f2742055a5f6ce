import type { Kind } from "@lithify/oci";
import type { Identity } from "../identity/identity.ts";
import { type AclEntry, accessAclOf } from "./acl.ts";

/** Which class of an object's mode or ACL decided, or which capability overrode it. */
export type PermissionClass =
  | "owner"
  | "owning-group"
  | "other"
  | "acl-user"
  | "acl-group"
  | "capability"
  | "undecidable";

export interface Permission {
  readonly answer: "yes" | "no" | "unknown";
  readonly by: PermissionClass;
  /** The ACL entry that decided, or what is wrong with the ACL. */
  readonly entry?: AclEntry;
  readonly trouble?: string;
}

/** Bits of a wanted access. */
export const read = 4;
export const write = 2;
export const execute = 1;

/**
 * Whether the identity has all of `want` on the object, as inode_permission() of the kernel decides:
 * the first class that matches decides alone, then capabilities(7) override. The path to the object
 * and read-only mounts are not considered.
 */
export function permissionOf(node: Kind, identity: Identity, want: number): Permission {
  const plain = byModeOrAcl(node, identity, want);
  if (plain.answer === "yes" || identity.capabilities.length === 0) return plain;
  return overrides(node, identity, want) ? { answer: "yes", by: "capability" } : plain;
}

/** True when the identity holds this group: its own or a supplementary one. */
export function isMember(identity: Identity, gid: number): boolean {
  return identity.gid === gid || identity.groups.includes(gid);
}

/** True when the identity may do what only the owner may: chmod, set times, remove from a sticky directory. */
export function ownsLike(node: Kind, identity: Identity): boolean {
  return node.uid === identity.uid || identity.capabilities.includes("CAP_FOWNER");
}

function byModeOrAcl(node: Kind, identity: Identity, want: number): Permission {
  if (node.uid === identity.uid) return answer((node.mode >> 6) & 7, want, "owner");
  // The kernel looks into an ACL only when the group bits, which are its mask, grant anything.
  if (node.xattrs.size > 0) {
    const acl = accessAclOf(node);
    if (acl.answer === "malformed") {
      return { answer: "unknown", by: "undecidable", trouble: acl.why };
    }
    if (acl.answer === "entries" && (node.mode & 0o070) !== 0) {
      return byAcl(acl.entries, node, identity, want);
    }
  }
  return isMember(identity, node.gid)
    ? answer((node.mode >> 3) & 7, want, "owning-group")
    : answer(node.mode & 7, want, "other");
}

function byAcl(
  entries: readonly AclEntry[],
  node: Kind,
  identity: Identity,
  want: number,
): Permission {
  const mask = entries.find((entry) => entry.tag === "mask")?.permissions ?? 7;
  const named = entries.find((entry) => entry.tag === "user" && entry.id === identity.uid);
  if (named !== undefined) return answer(named.permissions & mask, want, "acl-user", named);
  const held = entries.filter(
    (entry) =>
      (entry.tag === "owning-group" && isMember(identity, node.gid)) ||
      (entry.tag === "group" && isMember(identity, entry.id ?? -1)),
  );
  // One entry must grant everything; several do not add up (posix_acl_permission()).
  const granting = held.find((entry) => (entry.permissions & want) === want);
  const decisive = granting ?? held[0];
  if (decisive !== undefined) {
    const by = decisive.tag === "group" ? "acl-group" : "owning-group";
    return answer(decisive.permissions & mask, want, by, decisive);
  }
  return answer(node.mode & 7, want, "other");
}

function overrides(node: Kind, identity: Identity, want: number): boolean {
  const has = (name: string) => identity.capabilities.includes(name);
  if (node.type === "directory") {
    return has("CAP_DAC_OVERRIDE") || ((want & write) === 0 && has("CAP_DAC_READ_SEARCH"));
  }
  if (has("CAP_DAC_OVERRIDE")) return (want & execute) === 0 || (node.mode & 0o111) !== 0;
  return want === read && has("CAP_DAC_READ_SEARCH");
}

function answer(bits: number, want: number, by: PermissionClass, entry?: AclEntry): Permission {
  return {
    answer: (bits & want) === want ? "yes" : "no",
    by,
    ...(entry === undefined ? {} : { entry }),
  };
}
