import {
  type ConfigDomain,
  type ConfigObject,
  type Configuration,
  objectKey,
} from "../../config/model.ts";
import { scriptKeys } from "../crypto/lazy-script-keys.ts";
import { planErrorPolicy } from "../error-policy.ts";
import { headerEdits } from "../header-edits.ts";
import { managerValidations } from "../manager-validation.ts";
import { jsonLimits, xmlLimits } from "../parser-limits.ts";
import { defaultStylesheetOf, planPolicy } from "../plan-policy.ts";
import { rulePlanner } from "../plan-rule.ts";
import { flagOf, lineOf, linesOf, numberOf, textOf } from "../properties.ts";
import type { Refusals } from "../refusals.ts";
import { unservedInScripts } from "../script-scan.ts";
import type { ServicePlan } from "../service-plan.ts";
import { urlRewriteOf } from "../url-rewrite.ts";

/** The parts of a plan that every kind of service with a processing policy has alike. */
export type PolicyParts = Pick<
  ServicePlan,
  | "domain"
  | "name"
  | "origin"
  | "policyName"
  | "xmlManager"
  | "defaultStylesheet"
  | "policy"
  | "rules"
  | "uncallable"
  | "errorPolicy"
  | "urlRewrite"
  | "scripts"
  | "xmlLimits"
  | "xmlValidations"
  | "jsonLimits"
  | "soapSchema"
  | "scriptKeys"
  | "forcePolicyExec"
  | "hostRewriting"
  | "chunkedUploads"
  | "backPersistent"
  | "maxMessageBytes"
  | "parameters"
  | "headerEdits"
>;

/** Plans what the processing policy of a service is made of; `property` names the policy. */
export function policyParts(
  configuration: Configuration,
  domain: ConfigDomain,
  object: ConfigObject,
  property: "stylepolicy" | "stylesheet-policy",
  refusals: Refusals,
): PolicyParts {
  const manager = textOf(object, "xml-manager");
  if (manager !== "default" && !domain.objects.has(objectKey("XMLManager", manager))) {
    refusals.add(object, `xml-manager "${manager}" does not exist`, lineOf(object, "xml-manager"));
  }
  const planner = rulePlanner(configuration.root, domain, refusals);
  const policy = planPolicy(planner, object, property);
  const errorPolicy = planErrorPolicy(planner, object);
  const policyName = textOf(object, property);
  const scripts = unservedInScripts(planner, object);
  const { root } = configuration;
  const reader = { root, domain, refusals, env: process.env, now: new Date() };
  return {
    domain: domain.name,
    name: object.name,
    origin: object.origin,
    policyName,
    xmlManager: manager,
    defaultStylesheet: defaultStylesheetOf(domain, policyName),
    policy,
    rules: planner.rules,
    uncallable: planner.uncallable,
    errorPolicy,
    urlRewrite: urlRewriteOf(domain, object, refusals),
    xmlLimits: xmlLimits(domain, object, refusals),
    xmlValidations: managerValidations(configuration.root, domain, object, refusals),
    jsonLimits: jsonLimits(domain, object, refusals),
    soapSchema: textOf(object, "soap-schema-url"),
    scripts,
    scriptKeys: scriptKeys(reader, scripts),
    forcePolicyExec: flagOf(object, "force-policy-exec"),
    hostRewriting: flagOf(object, "host-rewriting"),
    chunkedUploads: flagOf(object, "chunked-uploads"),
    backPersistent: flagOf(object, "persistent-connections"),
    maxMessageBytes: numberOf(object, "max-message-size") * 1024,
    parameters: parametersOf(object),
    headerEdits: headerEdits(object, refusals),
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
