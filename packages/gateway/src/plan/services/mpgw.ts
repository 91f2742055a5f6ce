import {
  type ConfigDomain,
  type ConfigObject,
  type Configuration,
  objectKey,
} from "../../config/model.ts";
import { planBackside } from "../backside/plan-backside.ts";
import { planListeners } from "../front-protocols.ts";
import { answersItself, messageType } from "../message-type.ts";
import { planBackend } from "../plan-backend.ts";
import { flagOf, lineOf, numberOf, textOf, unservedProperties } from "../properties.ts";
import type { Refusals } from "../refusals.ts";
import type { ServicePlan } from "../service-plan.ts";
import { inert, served } from "./mpgw-properties.ts";
import { policyParts } from "./policy-parts.ts";

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
  refuseAttachments(domain, object, refusals);
  const parts = policyParts(configuration, domain, object, "stylepolicy", refusals);
  const backend = planBackend(object, refusals);
  return {
    ...parts,
    kind: "MultiProtocolGateway",
    alias: "mpgw",
    listeners: planListeners(configuration, domain, object, refusals),
    backend,
    backside: planBackside(configuration, object, backend, refusals),
    requestType: messageType(object, "request-type", refusals),
    responseType: answersItself(object, parts.policy)
      ? "preprocessed"
      : messageType(object, "response-type", refusals),
    propagateUri: flagOf(object, "propagate-uri"),
    routedUri: "as routed",
    proxyHttpResponse: flagOf(object, "proxy-http-response"),
    loopDetection: flagOf(object, "loop-detection"),
    transactionTimeout: numberOf(object, "transaction-timeout") * 1000,
    processHttpErrors: flagOf(object, "process-http-errors"),
    allowCacheControl: flagOf(object, "allow-cache-control"),
    followRedirects: flagOf(object, "follow-redirects"),
    frontTimeout: numberOf(object, "front-timeout") * 1000,
    backTimeout: numberOf(object, "back-timeout") * 1000,
    frontPersistentTimeout: numberOf(object, "front-persistent-timeout") * 1000,
    backPersistentTimeout: numberOf(object, "back-persistent-timeout") * 1000,
    clientIpLabel: textOf(object, "http-client-ip-label"),
    transactionIdLabel: textOf(object, "http-global-tranID-label"),
  };
}

/** Policy attachments have no effect as long as what they name holds nothing of effect. */
function refuseAttachments(domain: ConfigDomain, object: ConfigObject, refusals: Refusals): void {
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
