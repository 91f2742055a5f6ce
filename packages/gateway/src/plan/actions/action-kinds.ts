import type { ActionKind } from "./action-kind.ts";
import { call } from "./call.ts";
import { gatewayscript } from "./gatewayscript.ts";
import { onError } from "./on-error.ts";
import { results } from "./results.ts";
import { setvar } from "./setvar.ts";

/** Every action type that is served, by its word in a configuration. */
export const actionKinds: ReadonlyMap<string, ActionKind> = new Map([
  ["call", call],
  ["gatewayscript", gatewayscript],
  ["on-error", onError],
  ["results", results],
  ["setvar", setvar],
]);
