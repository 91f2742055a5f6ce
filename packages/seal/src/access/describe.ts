import type { NodeType, TreeNode } from "@lithify/oci";
import type { Identity } from "../identity/identity.ts";
import { doubtGives, doubtText } from "./doubt.ts";
import type { AccessModel } from "./model.ts";
import { isMember, type Permission, permissionOf } from "./permission.ts";

/** `drwxrwxr-x root:root`, as ls(1) shows it, with `+` where there is an ACL. */
export function modeAndOwner(model: AccessModel, node: TreeNode): string {
  const acl = node.xattrs.has("system.posix_acl_access") ? "+" : "";
  return `${modeText(node)}${acl} ${model.userName(node.uid)}:${model.groupName(node.gid)}`;
}

/** The ten characters of ls(1) for type and mode. */
export function modeText(node: Pick<TreeNode, "type" | "mode">): string {
  const triple = (shift: number, special: number, letter: string) => {
    const bits = (node.mode >> shift) & 7;
    const x = (bits & 1) !== 0;
    const last = (node.mode & special) === 0 ? (x ? "x" : "-") : x ? letter : letter.toUpperCase();
    return `${bits & 4 ? "r" : "-"}${bits & 2 ? "w" : "-"}${last}`;
  };
  return `${typeLetters[node.type]}${triple(6, 0o4000, "s")}${triple(3, 0o2000, "s")}${triple(0, 0o1000, "t")}`;
}

/**
 * Why the identity has, or has not, these permissions on the object: what the object is, which
 * class it falls into, what that class grants.
 */
export function permissionText(
  model: AccessModel,
  node: TreeNode,
  identity: Identity,
  want: number,
): string {
  const permission = permissionOf(node, identity, want);
  const grants = permission.answer === "yes" ? "which has" : "which lacks";
  const reason = classText(model, node, identity, permission);
  const wanted = `${want & 4 ? "r" : ""}${want & 2 ? "w" : ""}${want & 1 ? "x" : ""}`;
  const what = `\`${node.path}\` is ${modeAndOwner(model, node)}`;
  const doubt = model.doubts.get(model.numberOf(node.path) ?? -1);
  if (
    permission.answer === "no" &&
    doubt !== undefined &&
    doubtGives(doubt, node, identity, want)
  ) {
    return `${what}, ${doubtText(doubt)}, so nothing is sure`;
  }
  if (permission.answer === "unknown") {
    return `${what}, but its ACL is malformed (${permission.trouble ?? "unreadable"}), so nothing is sure`;
  }
  if (permission.by === "capability") return `${what}, and ${reason}`;
  return `${what} and ${reason}, ${grants} ${wanted}`;
}

/** Whether and why the identity counts as the owner. */
export function ownerText(model: AccessModel, node: TreeNode, identity: Identity): string {
  const what = `\`${node.path}\` is ${modeAndOwner(model, node)}`;
  if (node.uid === identity.uid) return `${what} and you are its owner (uid ${identity.uid})`;
  if (identity.capabilities.includes("CAP_FOWNER")) return `${what} and you hold CAP_FOWNER`;
  return `${what} and you are uid ${identity.uid}, not its owner`;
}

function classText(
  model: AccessModel,
  node: TreeNode,
  identity: Identity,
  permission: Permission,
): string {
  switch (permission.by) {
    case "owner":
      return `you are its owner (uid ${identity.uid})`;
    case "owning-group":
      return `you hold gid ${node.gid}${nameOfGroup(model, node.gid)}, so its group class decides`;
    case "other":
      return `you are neither its owner nor in group ${model.groupName(node.gid)}, so the class for others decides`;
    case "acl-user":
      return `its ACL names your uid ${identity.uid}`;
    case "acl-group": {
      const gid = permission.entry?.id ?? -1;
      return `its ACL names group ${model.groupName(gid)}${isMember(identity, gid) ? ", which you hold" : ""}`;
    }
    case "capability":
      return "you hold CAP_DAC_OVERRIDE, which no mode stops";
    case "undecidable":
      return "its ACL is malformed";
  }
}

function nameOfGroup(model: AccessModel, gid: number): string {
  const name = model.groupName(gid);
  return name === String(gid) ? "" : ` (${name})`;
}

const typeLetters: Readonly<Record<NodeType, string>> = {
  file: "-",
  directory: "d",
  symlink: "l",
  fifo: "p",
  character: "c",
  block: "b",
  socket: "s",
};
