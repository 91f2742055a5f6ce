import {
  type ConfigDomain,
  type ConfigObject,
  objectKey,
  type PropertyLine,
} from "../../config/model.ts";
import { flagOf, lineOf, linesOf, numberOf, textOf, unservedProperties } from "../properties.ts";
import type { Refusals } from "../refusals.ts";
import type { AffinityPlan, Algorithm, GroupPlan, MemberPlan } from "./group-plan.ts";
import { planHealthCheck } from "./plan-health-check.ts";
import type { SecureProfiles } from "./secure-profiles.ts";
import { SubMode } from "./sub-mode.ts";

const served: ReadonlySet<string> = new Set([
  "algorithm",
  "damp",
  "giveup-when-all-members-down",
  "server",
  "try-every-server",
  "health-check",
  "masquerade",
  "session-affinity",
  "monitored-cookie",
]);

/** Details of what is off while `retrieve-wlm-info` is. */
const inert: ReadonlySet<string> = new Set([
  "wlm-type",
  "websphere-cell",
  "wlm-group",
  "wlm-transport",
]);

/** Cookies of sessions that are watched where a group names none. */
const usualCookies = ["JSESSIONID", "PHPSESSIONID", "ASPSESSIONID", "ASP.NET_SessionId"];

/** The plan of a group that a service may send to; reasons against it go to `refusals`. */
export function planGroup(
  domain: ConfigDomain,
  name: string,
  by: { readonly object: ConfigObject; readonly line: PropertyLine | undefined },
  profiles: SecureProfiles,
  refusals: Refusals,
): GroupPlan | undefined {
  const object = domain.objects.get(objectKey("LoadBalancerGroup", name));
  if (object === undefined || !object.enabled) {
    const why = object === undefined ? "does not exist" : "is disabled";
    refusals.add(by.object, `loadbalancer-group "${name}" ${why}`, by.line);
    return undefined;
  }
  for (const { line, why } of unservedProperties(object, served, inert)) {
    refusals.add(object, why, line);
  }
  const members = linesOf(object, "server").map((line) => planMember(object, line, refusals));
  if (members.length === 0) refusals.add(object, "it has no member");
  return {
    domain: domain.name,
    name,
    algorithm: textOf(object, "algorithm") as Algorithm,
    members,
    damp: numberOf(object, "damp") * 1000,
    givesUp: flagOf(object, "giveup-when-all-members-down"),
    triesAll: flagOf(object, "try-every-server"),
    masquerades: flagOf(object, "masquerade"),
    check: planHealthCheck(object, profiles, refusals),
    affinity: planAffinity(object, refusals),
  };
}

/** `server HOST WEIGHT PORT ["" HEALTHPORT] enabled|disabled`. */
function planMember(object: ConfigObject, line: PropertyLine, refusals: Refusals): MemberPlan {
  const words = [...line.arguments];
  const last = words.at(-1) ?? "";
  const enabled = last !== "disabled";
  if (last === "enabled" || last === "disabled") words.pop();
  const [host = "", weight = "", port = "", , healthPort = ""] = words;
  const numbers = [weight || "1", port || "0", healthPort || "0"].map(Number);
  if (host === "" || numbers.some((each) => !Number.isInteger(each) || each < 0 || each > 65535)) {
    refusals.add(object, "this server line is not understood", line);
  }
  const [ofWeight = 1, ofPort = 0, ofHealth = 0] = numbers;
  return { host, weight: Math.max(1, ofWeight), port: ofPort, healthPort: ofHealth, enabled };
}

function planAffinity(object: ConfigObject, refusals: Refusals): AffinityPlan | undefined {
  const line = lineOf(object, "session-affinity");
  if (line === undefined || line.negated) return undefined;
  const mode = new SubMode("DmLBGroupAffinity", line);
  if (!mode.flag("enable-affinity")) return undefined;
  for (const other of mode.others([
    "enable-affinity",
    "i-cookie-name",
    "i-path",
    "i-domain",
    "affinity-mode",
    "i-cookie-attributes",
    // there is no workload manager to be overridden
    "override-wlm-affinity",
  ])) {
    refusals.add(object, `session-affinity: "${other.name}" is not served`, other);
  }
  const monitored = linesOf(object, "monitored-cookie").flatMap((each) => each.arguments);
  return {
    cookie: mode.text("i-cookie-name"),
    path: mode.text("i-path"),
    domain: mode.text("i-domain"),
    always: mode.text("affinity-mode") === "active",
    monitored: monitored.length > 0 ? monitored : usualCookies,
    attributes: mode.text("i-cookie-attributes").split("+").filter(Boolean),
  };
}
