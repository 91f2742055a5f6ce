import { capabilitiesOf, defaultCapabilities } from "@lithify/seal";

/** The sets of an OCI process: for a non-root user only the bounding set is filled, as Docker does. */
export interface CapabilitySets {
  readonly bounding: readonly string[];
  readonly effective: readonly string[];
  readonly permitted: readonly string[];
  readonly inheritable: readonly string[];
  readonly ambient: readonly string[];
}

/** What a process gets: nothing, what Docker gives root, or exactly these. */
export type CapabilityRule =
  | "none"
  | "docker"
  | { readonly held: readonly string[]; readonly bounding: readonly string[] };

export function capabilitySets(rule: CapabilityRule, uid: number): CapabilitySets {
  if (typeof rule === "object") return exactSets(rule, uid);
  const bounding = rule === "none" ? [] : defaultCapabilities;
  const held = uid === 0 ? bounding : [];
  return { bounding, effective: held, permitted: held, inheritable: [], ambient: [] };
}

/** A user other than root keeps capabilities over execve(2) only where they are ambient (capabilities(7)). */
function exactSets(
  { held, bounding }: { readonly held: readonly string[]; readonly bounding: readonly string[] },
  uid: number,
): CapabilitySets {
  const kept = uid === 0 ? [] : held;
  const all = [...new Set([...bounding, ...held])].toSorted();
  return { bounding: all, effective: held, permitted: held, inheritable: kept, ambient: kept };
}

/** The capabilities of a mask as in `/proc/PID/status`, sorted. */
export function capabilitiesFromMask(hex: string): readonly string[] {
  return capabilitiesOf(BigInt(`0x${hex}`));
}
