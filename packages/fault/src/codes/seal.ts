import type { FaultMeaning } from "../meaning.ts";

export const sealCodes = {
  POLICY_INVALID: {
    exit: 2,
    meaning: "A lithify.yaml does not follow its schema.",
    remedy: "Mend the place that is named.",
  },
} as const satisfies Record<string, FaultMeaning>;
