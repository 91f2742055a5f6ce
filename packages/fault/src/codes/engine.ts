import type { FaultMeaning } from "../meaning.ts";

export const engineCodes = {
  RUNTIME_MISSING: {
    exit: 3,
    meaning: "A program that the engine needs is not installed.",
    remedy: "Install the package that is named.",
  },
} as const satisfies Record<string, FaultMeaning>;
