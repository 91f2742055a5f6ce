import type { TreeNode } from "@lithify/oci";
import { decodeFileCapabilities } from "../access/file-capability.ts";
import type { AccessModel } from "../access/model.ts";
import type { Identity } from "../identity/identity.ts";
import { defaultCapabilities } from "../identity/image-user.ts";
import { capablePrograms, setIdPrograms, withSetId } from "../rules/giving-programs.ts";
import { fileCapability, setId } from "../rules/privilege.ts";
import type { Scan } from "../rules/rule.ts";

/** Kinds of programs that are tried: more than any image has. */
export const standInLimit = 16;

/** A program of the image that gives rights, to be tried by one of the proof's own in its place: no unknown program is executed. */
export interface StandIn {
  readonly path: string;
  /** Set-id bits, and the group's execute bit, without which set-group-id means locking. */
  readonly bits: number;
  readonly uid: number;
  readonly gid: number;
  readonly capability?: Uint8Array;
  readonly expected: "allowed" | "denied";
  /** Who runs it then; with capabilities that are permitted, in effect or not. */
  readonly gained: Pick<Identity, "uid" | "gid" | "capabilities">;
  readonly because: readonly string[];
}

/**
 * Routes 17 to 19: one program of each kind (owner, bits, capabilities) that the identity can execute; without no_new_privs
 * only those by which the audit says that something can be changed. Nothing for root, whom programs give nothing.
 */
export function standInsFor(model: AccessModel, identity: Identity): readonly StandIn[] {
  if (identity.uid === 0) return [];
  const scan: Scan = { model, identity, view: model.viewOf(identity) };
  const kinds = new Map<string, StandIn>();
  for (const node of programs(scan)) {
    if (model.protectionOf(node.path) === "writable") continue;
    const found = standInFor(identity, node);
    if (found === undefined) continue;
    const { bits, uid, gid, capability = [] } = found;
    const key = JSON.stringify([bits, uid, gid, [...capability]]);
    if (!kinds.has(key)) kinds.set(key, found);
  }
  return [...kinds.values()].slice(0, standInLimit);
}

function programs(scan: Scan): readonly TreeNode[] {
  const { model, identity } = scan;
  if (identity.noNewPrivileges)
    return [...setIdPrograms(scan), ...capablePrograms(scan)].flatMap(
      (number) => model.node(number) ?? [],
    );
  const paths = [...setId.check(scan), ...fileCapability.check(scan)].map(({ path }) => path);
  return paths.flatMap((path) => model.tree.at(path) ?? []);
}

function standInFor(identity: Identity, node: TreeNode): StandIn | undefined {
  const capability = node.xattrs.get("security.capability");
  const decoded = capability === undefined ? undefined : decodeFileCapabilities(capability);
  // The kernel takes version 2 alone for the whole machine; the rest could not be put on a file of ours.
  if (decoded !== undefined && (decoded.answer === "malformed" || capability?.length !== 20))
    return undefined;
  const bounding = identity.bounding ?? defaultCapabilities;
  const given = decoded?.answer === "capabilities" ? decoded.value.permitted : [];
  const within = given.filter((name) => bounding.includes(name));
  const isRefused =
    decoded?.answer === "capabilities" && decoded.value.effective && within.length < given.length;
  const plain = withSetId(identity, node);
  const gained = {
    ...plain,
    capabilities: [...new Set([...plain.capabilities, ...within])].toSorted(),
  };
  const isMore =
    gained.uid !== identity.uid ||
    gained.gid !== identity.gid ||
    gained.capabilities.some((name) => !identity.capabilities.includes(name));
  const gains = isMore && !isRefused && !identity.noNewPrivileges;
  const { uid, gid, capabilities } = gains ? gained : identity;
  return {
    path: node.path,
    bits: node.mode & 0o6010,
    uid: node.uid,
    gid: node.gid,
    ...(capability === undefined ? {} : { capability }),
    expected: gains ? "allowed" : "denied",
    gained: { uid, gid, capabilities },
    because: [whyText(node.path, identity, gains, isRefused)],
  };
}

function whyText(path: string, identity: Identity, gains: boolean, isRefused: boolean): string {
  if (identity.noNewPrivileges) return `no_new_privs is on, so \`${path}\` gives nothing`;
  if (isRefused)
    return `\`${path}\` has a capability outside the bounding set, so it cannot be started`;
  return gains
    ? `no_new_privs is off, so \`${path}\` gives its rights`
    : `\`${path}\` gives nothing`;
}
