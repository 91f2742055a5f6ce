import type { FaultMeaning } from "../meaning.ts";

export const rolloutCodes = {
  PLAN_INVALID: {
    exit: 2,
    meaning: "A rollout plan does not follow its schema.",
    remedy: "Mend the place that is named.",
  },
  ROLLOUT_UNKNOWN: {
    exit: 2,
    meaning: "There is no rollout of this name.",
    remedy: "Start one with `lithify rollout start`, or look at the name in the plan.",
  },
  ROLLOUT_BUSY: {
    exit: 3,
    meaning: "Another process already drives the rollout of this name.",
    remedy: "Wait for it, or use `lithify rollout status`, `promote` or `abort`.",
  },
  ROLLOUT_ENDED: {
    exit: 2,
    meaning: "A command was given to a rollout that has already ended.",
    remedy: "Start a new rollout.",
  },
  ROLLOUT_LOG_INVALID: {
    exit: 3,
    meaning: "The event log of a rollout holds a line that is not an event.",
    remedy: "Restore the file from a backup, or move the rollout's directory away and start anew.",
  },
  ROLLOUT_STATE_UNWRITABLE: {
    exit: 3,
    meaning: "A rollout cannot write what it must remember, so it goes no further.",
    remedy: "Make room or mend the permissions, then take it up with `lithify rollout start`.",
  },
  CANARY_NOT_READY: {
    exit: 3,
    meaning: "An instance of a rollout did not answer in time.",
    remedy: "Look at the instance's log, and at `port` and `ready` in the plan.",
  },
  SPLITTER_FAILED: {
    exit: 3,
    meaning: "The traffic splitter could not be started or no longer answers.",
    remedy:
      "Look at splitter.log in the rollout's directory; `lithify rollout start` starts it again.",
  },
  SPLITTER_LISTEN: {
    exit: 3,
    meaning: "The traffic splitter cannot listen on the address of the plan.",
    remedy: "Free the port, or choose another one with `listen` in the plan.",
  },
} as const satisfies Record<string, FaultMeaning>;
