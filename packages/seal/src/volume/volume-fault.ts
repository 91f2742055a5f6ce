import { Fault, type FaultDetails } from "@lithify/fault";

/** A volume that is not what it says, or has not the form of one. */
export function invalidVolume(why: string, values: FaultDetails["values"] = {}): Fault {
  return new Fault("VOLUME_INVALID", "a read-only volume", { why, values });
}

/** Trees that a volume cannot hold. */
export function unsupportedVolume(why: string, values: FaultDetails["values"] = {}): Fault {
  return new Fault("VOLUME_UNSUPPORTED", "a read-only volume", { why, values });
}
