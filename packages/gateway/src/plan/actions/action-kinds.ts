import { aaa } from "./aaa.ts";
import type { ActionKind } from "./action-kind.ts";
import { call } from "./call.ts";
import { checkpoint } from "./checkpoint.ts";
import { conditional } from "./conditional.ts";
import { convertHttp } from "./convert-http.ts";
import { eventSink } from "./event-sink.ts";
import { extract } from "./extract.ts";
import { fetch } from "./fetch.ts";
import { forEach } from "./for-each.ts";
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
import { stripAttachments } from "./strip-attachments.ts";
import { filter, xform, xformbin, xformng, xformpi } from "./transform.ts";
import { validate } from "./validate.ts";

/** Every action type that is served, by its word in a configuration. */
export const actionKinds: ReadonlyMap<string, ActionKind> = new Map([
  ["aaa", aaa],
  ["call", call],
  ["checkpoint", checkpoint],
  ["conditional", conditional],
  ["convert-http", convertHttp],
  ["event-sink", eventSink],
  ["extract", extract],
  ["fetch", fetch],
  ["filter", filter],
  ["for-each", forEach],
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
  ["strip-attachments", stripAttachments],
  ["validate", validate],
  ["xform", xform],
  ["xformbin", xformbin],
  ["xformng", xformng],
  ["xformpi", xformpi],
]);
