import {
  type ConfigDomain,
  type ConfigObject,
  type Configuration,
  objectKey,
} from "../../config/model.ts";
import { planErrorPolicy } from "../error-policy.ts";
import { planListeners } from "../front-protocols.ts";
import { headerEdits } from "../header-edits.ts";
import { answersItself, messageType } from "../message-type.ts";
import { planBackend } from "../plan-backend.ts";
import { defaultStylesheetOf, planPolicy } from "../plan-policy.ts";
import { rulePlanner } from "../plan-rule.ts";
import { flagOf, lineOf, linesOf, numberOf, textOf, unservedProperties } from "../properties.ts";
import type { Refusals } from "../refusals.ts";
import { unservedInScripts } from "../script-scan.ts";
import type { ServicePlan } from "../service-plan.ts";
import { urlRewriteOf } from "../url-rewrite.ts";
import { inert, served } from "./mpgw-properties.ts";

/** The plan of a multi-protocol gateway; reasons against it go to `refusals`. */
export function planGateway(
  configuration: Configuration,
  domain: ConfigDomain,
  object: ConfigObject,
  refusals: Refusals,
): ServicePlan {
  for (const { line, why } of unservedProperties(object, served, inert)) {
    refusals.add(object, why, line);
  }
  refuseTolerated(domain, object, refusals);
  const planner = rulePlanner(configuration.root, domain, refusals);
  const policy = planPolicy(planner, object, "stylepolicy");
  const errorPolicy = planErrorPolicy(planner, object);
  const scripts = unservedInScripts(planner, object);
  return {
    domain: domain.name,
    name: object.name,
    policyName: textOf(object, "stylepolicy"),
    processorType: "Multi-Protocol Gateway",
    xmlManager: textOf(object, "xml-manager"),
    defaultStylesheet: defaultStylesheetOf(domain, textOf(object, "stylepolicy")),
    origin: object.origin,
    listeners: planListeners(configuration, domain, object, refusals),
    policy,
    rules: planner.rules,
    backend: planBackend(object, refusals),
    requestType: messageType(object, "request-type", refusals),
    responseType: answersItself(object, policy)
      ? "preprocessed"
      : messageType(object, "response-type", refusals),
    forcePolicyExec: flagOf(object, "force-policy-exec"),
    propagateUri: flagOf(object, "propagate-uri"),
    proxyHttpResponse: flagOf(object, "proxy-http-response"),
    loopDetection: flagOf(object, "loop-detection"),
    transactionTimeout: numberOf(object, "transaction-timeout") * 1000,
    urlRewrite: urlRewriteOf(domain, object, refusals),
    errorPolicy,
    processHttpErrors: flagOf(object, "process-http-errors"),
    hostRewriting: flagOf(object, "host-rewriting"),
    chunkedUploads: flagOf(object, "chunked-uploads"),
    allowCacheControl: flagOf(object, "allow-cache-control"),
    followRedirects: flagOf(object, "follow-redirects"),
    backPersistent: flagOf(object, "persistent-connections"),
    frontTimeout: numberOf(object, "front-timeout") * 1000,
    backTimeout: numberOf(object, "back-timeout") * 1000,
    frontPersistentTimeout: numberOf(object, "front-persistent-timeout") * 1000,
    backPersistentTimeout: numberOf(object, "back-persistent-timeout") * 1000,
    maxMessageBytes: numberOf(object, "max-message-size") * 1024,
    clientIpLabel: textOf(object, "http-client-ip-label"),
    transactionIdLabel: textOf(object, "http-global-tranID-label"),
    parameters: parametersOf(object),
    headerEdits: headerEdits(object),
    scripts,
  };
}

/** Stylesheet parameters by their local names. */
function parametersOf(object: ConfigObject): ReadonlyMap<string, string> {
  return new Map(
    linesOf(object, "parameter").map((line) => [
      (line.arguments[0] ?? "").replace(/^\{[^}]*\}/, ""),
      line.arguments[1] ?? "",
    ]),
  );
}

/** References that have no effect as long as what they name holds nothing of effect. */
function refuseTolerated(domain: ConfigDomain, object: ConfigObject, refusals: Refusals): void {
  const manager = textOf(object, "xml-manager");
  if (manager !== "default" && !domain.objects.has(objectKey("XMLManager", manager))) {
    refusals.add(object, `xml-manager "${manager}" does not exist`, lineOf(object, "xml-manager"));
  }
  const attachments = textOf(object, "policy-attachments");
  const attached = domain.objects.get(objectKey("PolicyAttachments", attachments));
  if (attachments !== "" && attached === undefined) {
    const line = lineOf(object, "policy-attachments");
    refusals.add(object, `policy-attachments "${attachments}" does not exist`, line);
  } else if (attached !== undefined) {
    const tuning = new Set(["enforcement-mode", "policy-references", "sla-enforcement-mode"]);
    for (const { line, why } of unservedProperties(attached, tuning, new Set())) {
      refusals.add(attached, why, line);
    }
  }
}
