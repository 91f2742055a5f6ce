import type { FaultMeaning } from "../meaning.ts";

export const driftCodes = {
  SEAL_MISSING: {
    exit: 3,
    meaning: "The image of a running instance has no seal to compare it with.",
    remedy: "Seal the image first, and run the sealed one.",
  },
} as const satisfies Record<string, FaultMeaning>;
