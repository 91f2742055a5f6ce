import { Fault } from "@lithify/fault";
import type { ManifestPlace } from "../access/manifest-place.ts";

/** Fault LAUNCH_INVALID at a place: `why` is one clause without a full stop. */
export function launchFault(place: ManifestPlace, why: string, hint?: string): Fault {
  return new Fault("LAUNCH_INVALID", `how ${place.file} starts a container`, {
    why,
    place,
    ...(hint === undefined ? {} : { hint }),
  });
}
