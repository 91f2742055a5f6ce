import type { FaultMeaning } from "../meaning.ts";

export const cliCodes = {
  USAGE: {
    exit: 2,
    meaning:
      "The command line is wrong: an unknown command or option, a missing or malformed value.",
    remedy: "Run the command with --help.",
  },
  INSTANCE_UNKNOWN: {
    exit: 2,
    meaning: "No instance has the name or id that was given.",
    remedy: "List the instances with lithify ps --all.",
  },
  INTERNAL: {
    exit: 3,
    meaning: "A defect of lithify itself: a state that cannot occur did.",
    remedy: "Report it with the command and the output of lithify --version.",
  },
  INTERRUPTED: {
    exit: 3,
    meaning:
      "The command was stopped by a signal before it was done; nothing half-written is left.",
    remedy: "Run it again.",
  },
} as const satisfies Record<string, FaultMeaning>;
