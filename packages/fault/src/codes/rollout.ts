import type { FaultMeaning } from "../meaning.ts";

export const rolloutCodes = {
  PLAN_INVALID: {
    exit: 2,
    meaning: "A rollout plan does not follow its schema.",
    remedy: "Mend the place that is named.",
  },
} as const satisfies Record<string, FaultMeaning>;
