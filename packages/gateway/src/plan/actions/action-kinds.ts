import { requirePart } from "../../require-part.ts";
import type { ActionKind } from "./action-kind.ts";

const require = requirePart(import.meta.url);

/** Every action type that is served, each in a file that is loaded with the first such action. */
const kinds: Readonly<Record<string, () => ActionKind>> = {
  aaa: () => (require("./aaa.ts") as typeof import("./aaa.ts")).aaa,
  call: () => (require("./call.ts") as typeof import("./call.ts")).call,
  checkpoint: () => (require("./checkpoint.ts") as typeof import("./checkpoint.ts")).checkpoint,
  conditional: () => (require("./conditional.ts") as typeof import("./conditional.ts")).conditional,
  "convert-http": () =>
    (require("./convert-http.ts") as typeof import("./convert-http.ts")).convertHttp,
  "event-sink": () => (require("./event-sink.ts") as typeof import("./event-sink.ts")).eventSink,
  extract: () => (require("./extract.ts") as typeof import("./extract.ts")).extract,
  fetch: () => (require("./fetch.ts") as typeof import("./fetch.ts")).fetch,
  filter: () => (require("./transform.ts") as typeof import("./transform.ts")).filter,
  "for-each": () => (require("./for-each.ts") as typeof import("./for-each.ts")).forEach,
  gatewayscript: () =>
    (require("./gatewayscript.ts") as typeof import("./gatewayscript.ts")).gatewayscript,
  log: () => (require("./log.ts") as typeof import("./log.ts")).log,
  "method-rewrite": () =>
    (require("./method-rewrite.ts") as typeof import("./method-rewrite.ts")).methodRewrite,
  "on-error": () => (require("./on-error.ts") as typeof import("./on-error.ts")).onError,
  results: () => (require("./results.ts") as typeof import("./results.ts")).results,
  "results-async": () =>
    (require("./results-async.ts") as typeof import("./results-async.ts")).resultsAsync,
  rewrite: () => (require("./rewrite.ts") as typeof import("./rewrite.ts")).rewrite,
  "route-action": () => (require("./route-set.ts") as typeof import("./route-set.ts")).routeAction,
  "route-set": () => (require("./route-set.ts") as typeof import("./route-set.ts")).routeSet,
  setvar: () => (require("./setvar.ts") as typeof import("./setvar.ts")).setvar,
  slm: () => (require("./slm.ts") as typeof import("./slm.ts")).slm,
  "strip-attachments": () =>
    (require("./strip-attachments.ts") as typeof import("./strip-attachments.ts")).stripAttachments,
  validate: () => (require("./validate.ts") as typeof import("./validate.ts")).validate,
  xform: () => (require("./transform.ts") as typeof import("./transform.ts")).xform,
  xformbin: () => (require("./transform.ts") as typeof import("./transform.ts")).xformbin,
  xformng: () => (require("./transform.ts") as typeof import("./transform.ts")).xformng,
  xformpi: () => (require("./transform.ts") as typeof import("./transform.ts")).xformpi,
};

/** The action type of this word in a configuration; undefined for one that is not served. */
export function actionKind(type: string): ActionKind | undefined {
  return Object.hasOwn(kinds, type) ? kinds[type]!() : undefined;
}
