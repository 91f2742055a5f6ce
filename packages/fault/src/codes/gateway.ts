import type { FaultMeaning } from "../meaning.ts";

export const gatewayCodes = {
  CONFIG_INVALID: {
    exit: 3,
    meaning: "A configuration file cannot be read as DataPower configuration.",
    remedy: "Mend the line that is named.",
  },
} as const satisfies Record<string, FaultMeaning>;
