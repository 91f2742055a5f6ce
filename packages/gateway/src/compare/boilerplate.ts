import type { ConfigObject } from "../config/model.ts";

/** Kinds that saving writes into every domain and that change nothing of what is served. */
const kinds: ReadonlySet<string> = new Set([
  "ProcessingMetadata",
  "CompileOptionsPolicy",
  "DomainSettings",
  "NFSClientSettings",
  "NFSDynamicMounts",
  "SSHDomainClientProfile",
  "SSHServerProfile",
  "SLMAction",
  "SMTPServerConnection",
  "WSMStylePolicy",
  "WSMRule",
  "WebServicesAgent",
  "WebServicesMonitor",
  "MCFCustomRule",
  "MCFHttpHeader",
  "MessageMatching",
  "ConformancePolicy",
  "language",
  "Statistics",
]);

/** Objects of other kinds that firmware makes by itself; what is in them counts. */
const names = /^default(?:-attempt-stream(?:-all)?|-wsrr|-log)?$/;

/**
 * True for what saving writes into every domain: the kinds above altogether, and objects that
 * firmware makes by itself as far as only their presence differs.
 */
export function isBoilerplate(object: ConfigObject, differs: "presence" | "content"): boolean {
  return kinds.has(object.kind) || (differs === "presence" && names.test(object.name));
}
