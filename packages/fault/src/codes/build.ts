import type { FaultMeaning } from "../meaning.ts";

export const buildCodes = {
  DOCKERFILE_INVALID: {
    exit: 2,
    meaning:
      "A Dockerfile has an instruction, flag or argument that does not exist or does not parse.",
    remedy: "Mend the line that is named.",
  },
} as const satisfies Record<string, FaultMeaning>;
