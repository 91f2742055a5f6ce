import type { Kind } from "@lithify/oci";
import { decodeFileCapabilities } from "../access/file-capability.ts";
import { execute, permissionOf } from "../access/permission.ts";
import type { Identity } from "../identity/identity.ts";
import { defaultCapabilities } from "../identity/image-user.ts";
import type { Scan } from "./rule.ts";

/** Set-id files that the identity can execute, and that belong to somebody else. A script's bits count for nothing (execve(2)). */
export function setIdPrograms(scan: Scan): readonly number[] {
  return executables(scan, (kind) => {
    if ((kind.mode & 0o6000) === 0) return false;
    const gained = withSetId(scan.identity, kind);
    return gained.uid !== scan.identity.uid || gained.gid !== scan.identity.gid;
  });
}

/** Files with `security.capability` that the identity can execute, and that gain it anything or are malformed. */
export function capablePrograms(scan: Scan): readonly number[] {
  return executables(scan, (kind) => kind.xattrs.has("security.capability"));
}

/** Why a program's file capabilities cannot be told; undefined when they can. */
export function capabilityTrouble(scan: Scan, number: number): string | undefined {
  const bytes = scan.model.node(number)?.xattrs.get("security.capability");
  if (bytes === undefined) return undefined;
  const decoded = decodeFileCapabilities(bytes);
  return decoded.answer === "malformed" ? decoded.why : undefined;
}

/** Who the process is when it executes the file, as bprm_fill_uid() has it; gid bits without group execute mean locking. */
export function withSetId(
  identity: Identity,
  node: { readonly mode: number; readonly uid: number; readonly gid: number },
): Identity {
  const asUser = (node.mode & 0o4000) !== 0;
  const asGroup = (node.mode & 0o2010) === 0o2010;
  const uid = asUser ? node.uid : identity.uid;
  const bounding = identity.bounding ?? defaultCapabilities;
  return {
    ...identity,
    uid,
    gid: asGroup ? node.gid : identity.gid,
    capabilities: uid === 0 && asUser ? bounding : identity.capabilities,
  };
}

/** pP' = pF & bounding; with the effective bit and a capability outside the bounding set execve(2) fails (capabilities(7)). */
export function gainedCapabilities(scan: Scan, number: number): readonly string[] {
  const bytes = scan.model.node(number)?.xattrs.get("security.capability");
  const decoded = bytes === undefined ? undefined : decodeFileCapabilities(bytes);
  if (decoded?.answer !== "capabilities" || decoded.value.rootUid !== 0) return [];
  const bounding = scan.identity.bounding ?? defaultCapabilities;
  const { permitted, effective } = decoded.value;
  const gained = permitted.filter((name) => bounding.includes(name));
  return effective && gained.length < permitted.length ? [] : gained;
}

/** Files of these kinds, protected or not, that the identity can execute, without scripts: what they have counts for nothing. */
function executables(scan: Scan, fits: (kind: Kind) => boolean): readonly number[] {
  const numbers = scan.model.like(
    (kind) =>
      kind.type === "file" &&
      fits(kind) &&
      permissionOf(kind, scan.identity, execute).answer !== "no",
  );
  return numbers.filter(
    (number) =>
      scan.model.contents?.at(scan.model.node(number)?.path ?? "")?.script === undefined &&
      scan.view.reachOf(scan.view.bestName(number)) !== "no",
  );
}
