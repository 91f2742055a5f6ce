import type { Kind } from "@lithify/oci";

/** Names of the xattrs that hold POSIX ACLs (acl(5)). */
export const accessAclName = "system.posix_acl_access";
export const defaultAclName = "system.posix_acl_default";

/** One entry of a POSIX ACL; `permissions` are the bits 4 read, 2 write, 1 execute. */
export interface AclEntry {
  readonly tag: "owner" | "user" | "owning-group" | "group" | "mask" | "other";
  readonly permissions: number;
  /** Of `user` and `group` entries. */
  readonly id?: number;
}

/**
 * The access ACL of an object. `none`: the mode alone decides. `malformed`: the kernel would refuse
 * it, or it contradicts the mode, so that who applies it last decides what holds.
 */
export type Acl =
  | { readonly answer: "none" }
  | { readonly answer: "entries"; readonly entries: readonly AclEntry[] }
  | { readonly answer: "malformed"; readonly why: string };

const none: Acl = { answer: "none" };

/** The access ACL of an object, decoded from its xattr. Symbolic links have none. */
export function accessAclOf(node: Kind): Acl {
  if (node.xattrs.size === 0 || node.type === "symlink") return none;
  const bytes = node.xattrs.get(accessAclName);
  if (bytes === undefined) return none;
  const acl = decodeAcl(bytes);
  return acl.answer === "entries" ? agreeingWithMode(acl.entries, node.mode) : acl;
}

/** Decodes the xattr form, little-endian: u32 version 2, then u16 tag, u16 permissions, u32 id (linux/posix_acl_xattr.h). */
export function decodeAcl(bytes: Uint8Array): Acl {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 4 || view.getUint32(0, true) !== 2) {
    return malformed("its version is not 2");
  }
  if (bytes.byteLength === 4) return none;
  if ((bytes.byteLength - 4) % 8 !== 0) return malformed("its length is not 4 and a multiple of 8");
  const entries: AclEntry[] = [];
  for (let at = 4; at < bytes.byteLength; at += 8) {
    const tag = tags.get(view.getUint16(at, true));
    const permissions = view.getUint16(at + 2, true);
    if (tag === undefined) return malformed(`entry ${entries.length + 1} has an unknown tag`);
    if (permissions > 7) return malformed(`entry ${entries.length + 1} has unknown permissions`);
    const id = view.getUint32(at + 4, true);
    entries.push(
      tag === "user" || tag === "group" ? { tag, permissions, id } : { tag, permissions },
    );
  }
  return checkedAcl(entries);
}

const tags: ReadonlyMap<number, AclEntry["tag"]> = new Map([
  [0x01, "owner"],
  [0x02, "user"],
  [0x04, "owning-group"],
  [0x08, "group"],
  [0x10, "mask"],
  [0x20, "other"],
]);

const order: readonly AclEntry["tag"][] = [
  "owner",
  "user",
  "owning-group",
  "group",
  "mask",
  "other",
];

/** The rules of posix_acl_valid(): order, exactly one of each base entry, a mask where names are. */
function checkedAcl(entries: readonly AclEntry[]): Acl {
  const count = (tag: AclEntry["tag"]) => entries.filter((entry) => entry.tag === tag).length;
  for (const tag of ["owner", "owning-group", "other"] as const) {
    if (count(tag) !== 1) return malformed(`it has ${count(tag)} entries for ${tag}`);
  }
  if (count("mask") > 1 || (count("mask") === 0 && count("user") + count("group") > 0)) {
    return malformed(`it has ${count("mask")} masks`);
  }
  const places = entries.map((entry) => order.indexOf(entry.tag));
  if (places.some((place, index) => index > 0 && place < (places[index - 1] ?? 0))) {
    return malformed("its entries are out of order");
  }
  return { answer: "entries", entries };
}

function agreeingWithMode(entries: readonly AclEntry[], mode: number): Acl {
  const of = (tag: AclEntry["tag"]) => entries.find((entry) => entry.tag === tag)?.permissions;
  const bits =
    ((of("owner") ?? 0) << 6) | ((of("mask") ?? of("owning-group") ?? 0) << 3) | (of("other") ?? 0);
  if (bits === (mode & 0o777)) return { answer: "entries", entries };
  return malformed(
    `it stands for mode ${bits.toString(8)}, the object's is ${(mode & 0o777).toString(8)}`,
  );
}

function malformed(why: string): Acl {
  return { answer: "malformed", why };
}
