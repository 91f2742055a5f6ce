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
  CASE_INVALID: {
    exit: 2,
    meaning: "A file with test cases of a gateway cannot be read.",
    remedy: "Mend the line that is named; docs/gateway-configuration.md shows the form.",
  },
  GATEWAY_DOWN: {
    exit: 3,
    meaning: "No service of the configuration comes up, so nothing of it can be tested.",
    remedy: "Run lithify gateway lint: it names file, line and object of every reason.",
  },
  GATEWAY_UNFIT: {
    exit: 3,
    meaning:
      "The gateway that was served can no longer do all of its work in this process, and has ended.",
    remedy: "Start it again; if the same message ends it again, report the message.",
  },
  PORT_UNAVAILABLE: {
    exit: 3,
    meaning: "A port that the gateway itself needs cannot be listened on.",
    remedy: "Free the port, or choose another one.",
  },
} as const satisfies Record<string, FaultMeaning>;
