import type { FaultMeaning } from "../meaning.ts";

export const gatewayCodes = {
  CONFIG_INVALID: {
    exit: 2,
    meaning: "A configuration file cannot be read as DataPower configuration.",
    remedy: "Mend the line that is named.",
  },
  CONFIG_TRUNCATED: {
    exit: 2,
    meaning:
      "A configuration file ends inside a quoted text, an object or a condition: part of it is missing.",
    remedy: "Restore the whole file, or add the closing statements if nothing is missing.",
  },
  CONFIG_MISSING: {
    exit: 2,
    meaning:
      "The directory that should hold the configuration has no startup file, or cannot be read.",
    remedy:
      "Name a directory that holds config/auto-startup.cfg (or config/autoconfig.cfg) and local/.",
  },
  PORT_UNAVAILABLE: {
    exit: 3,
    meaning: "A port that the gateway itself needs cannot be listened on.",
    remedy: "Free the port, or choose another one.",
  },
} as const satisfies Record<string, FaultMeaning>;
