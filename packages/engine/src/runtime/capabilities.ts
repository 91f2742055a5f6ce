import { capabilitiesOf, defaultCapabilities } from "@lithify/seal";

/** The sets of an OCI process: for a non-root user only the bounding set is filled, as Docker does. */
export interface CapabilitySets {
  readonly bounding: readonly string[];
  readonly effective: readonly string[];
  readonly permitted: readonly string[];
  readonly inheritable: readonly string[];
  readonly ambient: readonly string[];
}

export function capabilitySets(rule: "none" | "docker", uid: number): CapabilitySets {
  const bounding = rule === "none" ? [] : defaultCapabilities;
  const held = uid === 0 ? bounding : [];
  return { bounding, effective: held, permitted: held, inheritable: [], ambient: [] };
}

/** The capabilities of a mask as in `/proc/PID/status`, sorted. */
export function capabilitiesFromMask(hex: string): readonly string[] {
  return capabilitiesOf(BigInt(`0x${hex}`));
}
