import { buildCodes } from "./codes/build.ts";
import { cliCodes } from "./codes/cli.ts";
import { engineCodes } from "./codes/engine.ts";
import { gatewayCodes } from "./codes/gateway.ts";
import { ociCodes } from "./codes/oci.ts";
import { rolloutCodes } from "./codes/rollout.ts";
import { sealCodes } from "./codes/seal.ts";
import type { FaultMeaning } from "./meaning.ts";

/** Every fault code of every package; `docs/faults/` has a page for each, made from this table. */
export const faultTable = {
  ...cliCodes,
  ...ociCodes,
  ...buildCodes,
  ...sealCodes,
  ...engineCodes,
  ...rolloutCodes,
  ...gatewayCodes,
} as const satisfies Record<string, FaultMeaning>;

export type FaultCode = keyof typeof faultTable;
