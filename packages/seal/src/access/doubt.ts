import type { Kind, Tree, TreeNode } from "@lithify/oci";
import type { Contents } from "../contents/inspect-image.ts";
import type { Identity } from "../identity/identity.ts";
import { type AclEntry, accessAclName, decodeAcl, defaultAclName } from "./acl.ts";
import { isMember, write } from "./permission.ts";

/**
 * Why engines may show an object otherwise than its layers say. `root`: engines make the root directory of a container
 * anew, root's, 0755 [tried: Docker]. `passed-over`: a layer puts something into the directory
 * without naming it, and who unpacks that layer by itself makes it root's, 0755. `handed-down`: the object lies below
 * a directory with a default ACL, and who unpacks it there lets it get that ACL, within its group bits [tried: Docker].
 */
export type Doubt =
  | { readonly kind: "root" }
  | { readonly kind: "passed-over" }
  | { readonly kind: "handed-down"; readonly from: string; readonly entries: readonly AclEntry[] };

/** By object number; empty for nearly every image. */
export type Doubts = ReadonlyMap<number, Doubt>;

/** The doubts about a tree; its objects are looked at one by one only where one has a default ACL. */
export function doubtsOf(tree: Tree, contents: Contents | undefined): Doubts {
  const doubts = new Map<number, Doubt>();
  for (const path of contents?.passedOver ?? []) {
    const number = tree.numberOf(path);
    if (number !== undefined) doubts.set(number, { kind: "passed-over" });
  }
  const { kinds, kindOf } = tree.kinds();
  const root = kinds[kindOf[0] ?? -1];
  if (root !== undefined && ((root.mode & 0o005) !== 0o005 || root.xattrs.size > 0)) {
    doubts.set(0, { kind: "root" });
  }
  if (kinds.some((kind) => kind.type === "directory" && kind.xattrs.has(defaultAclName))) {
    addHandedDown(doubts, tree);
  }
  return doubts;
}

function addHandedDown(doubts: Map<number, Doubt>, tree: Tree): void {
  const parents = tree.parents();
  const handed = new Map<number, Doubt>();
  for (let number = 0; number < tree.size; number += 1) {
    const node = tree.node(number);
    if (node === undefined) continue;
    const above = number === 0 ? undefined : handed.get(parents[number] ?? 0);
    const isOwn = node.xattrs.has(accessAclName) || node.type === "symlink";
    if (above !== undefined && !isOwn && !doubts.has(number)) doubts.set(number, above);
    if (node.type !== "directory") continue;
    const own = node.xattrs.has(defaultAclName) ? handedDownBy(node) : above;
    if (own !== undefined) handed.set(number, own);
  }
}

/** Whether the identity has, for some engine, what the object by itself does not give. */
export function doubtGives(
  doubt: Doubt,
  node: Pick<Kind, "uid" | "mode">,
  identity: Identity,
  want: number,
): boolean {
  if (doubt.kind !== "handed-down") return (want & write) === 0;
  if (node.uid === identity.uid || ((node.mode >> 3) & want & 7) !== want) return false;
  return doubt.entries.some(
    ({ tag, id = -1, permissions }) =>
      (permissions & want) === want &&
      ((tag === "user" && id === identity.uid) || (tag === "group" && isMember(identity, id))),
  );
}

/** What follows behind what the object is. */
export function doubtText(doubt: Doubt): string {
  if (doubt.kind === "root") return "but engines make that directory anew, drwxr-xr-x root:root";
  return doubt.kind === "passed-over"
    ? "but a later layer puts something into it without naming it, and engines that unpack a layer by itself make it drwxr-xr-x root:root then"
    : `but \`${doubt.from}\` has a default ACL, which engines let it get when they unpack it there`;
}

/** A malformed one is refused by the kernel. */
function handedDownBy({ path, xattrs }: TreeNode): Doubt | undefined {
  const acl = decodeAcl(xattrs.get(defaultAclName) ?? new Uint8Array());
  if (acl.answer !== "entries") return undefined;
  return { kind: "handed-down", from: path, entries: acl.entries };
}
