import { aaa } from "./aaa.ts";
import type { ActionKind } from "./action-kind.ts";
import { call } from "./call.ts";
import { checkpoint } from "./checkpoint.ts";
import { eventSink } from "./event-sink.ts";
import { fetch } from "./fetch.ts";
import { gatewayscript } from "./gatewayscript.ts";
import { log } from "./log.ts";
import { methodRewrite } from "./method-rewrite.ts";
import { onError } from "./on-error.ts";
import { results } from "./results.ts";
import { resultsAsync } from "./results-async.ts";
import { rewrite } from "./rewrite.ts";
import { routeAction, routeSet } from "./route-set.ts";
import { setvar } from "./setvar.ts";
import { slm } from "./slm.ts";

/** Every action type that is served, by its word in a configuration. */
export const actionKinds: ReadonlyMap<string, ActionKind> = new Map([
  ["aaa", aaa],
  ["call", call],
  ["checkpoint", checkpoint],
  ["event-sink", eventSink],
  ["fetch", fetch],
  ["gatewayscript", gatewayscript],
  ["log", log],
  ["method-rewrite", methodRewrite],
  ["on-error", onError],
  ["results", results],
  ["results-async", resultsAsync],
  ["rewrite", rewrite],
  ["route-action", routeAction],
  ["route-set", routeSet],
  ["setvar", setvar],
  ["slm", slm],
]);
