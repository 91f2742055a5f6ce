import { existsSync } from "node:fs";
import { fieldsOfType } from "../../catalogue.ts";
import { fileOfUrl } from "../../config/locations.ts";
import type { ConfigObject, PropertyLine } from "../../config/model.ts";
import { defaultOf, recordOf, type Value } from "../../config/values.ts";
import type { RulePlanner } from "../actions/action-kind.ts";
import { flagOf, lineOf, unservedProperties } from "../properties.ts";
import type { AaaFilePlace, AaaPolicyPlan, ResourcePart } from "./aaa-plan.ts";
import { isSavedPhase, readSavedPhase } from "./saved-phase.ts";

/** Each phase: its type in the catalogue, and the fields that are served or tune what is. */
const phases = {
  "extract-identity": {
    type: "DmAAAPExtractIdentity",
    fields: "EIBitmap EIBasicAuthRealm EISSLClientConfigType",
  },
  authenticate: {
    type: "DmAAAPAuthenticate",
    fields: "AUMethod AUMapURL AUCustomURL AUCacheAllow AUCacheTTL AUCacheControl",
  },
  "map-credentials": { type: "DmAAAPMapCredentials", fields: "MCMethod MCMapURL" },
  "extract-resource": { type: "DmAAAPExtractResource", fields: "ERBitmap" },
  "map-resource": { type: "DmAAAPMapResource", fields: "" },
  authorize: { type: "DmAAAPAuthorize", fields: "AZMethod AZMapURL AZCacheAllow AZCacheTTL" },
  "post-process": { type: "DmAAAPPostProcess", fields: "" },
} as const;

type Phase = keyof typeof phases;

const inert: ReadonlySet<string> = new Set(
  (
    "log-allowed-level log-rejected-level dos-valve ldap-version enforce-actor-role saml-sign-hash " +
    "saml-sign-alg ldap-suffix"
  ).split(" "),
);

const resourceParts: ReadonlySet<string> = new Set(["original-url", "request-uri", "http-method"]);

/** The plan of an aaapolicy; everything that it asks beyond this is refused. */
export function planAaaPolicy(planner: RulePlanner, policy: ConfigObject): AaaPolicyPlan {
  const known = new Set([...Object.keys(phases), "log-allowed", "log-rejected"]);
  for (const { line, why } of unservedProperties(policy, known, inert)) {
    planner.refusals.add(policy, why, line);
  }
  const read = (phase: Phase) => readPhase(planner, policy, phase);
  const refuse = (phase: Phase, why: string): void =>
    planner.refusals.add(policy, `${phase}: ${why}`, lineOf(policy, phase));
  const identity = read("extract-identity");
  const ways = listOf(identity.get("EIBitmap"));
  if (ways.join() !== "http-basic-auth") {
    refuse("extract-identity", `by ${ways.join(", ") || "nothing"} is not served`);
  }
  const authenticate = read("authenticate");
  const place = (phase: Phase, method: unknown, url: unknown): AaaFilePlace => {
    if (method === "xmlfile")
      return placeOf(planner, String(url ?? ""), (why) => refuse(phase, why));
    refuse(phase, `method ${String(method)} is not served`);
    return { url: "", file: "" };
  };
  const mapping = read("map-credentials");
  const maps = mapping.get("MCMethod");
  const resource = listOf(read("extract-resource").get("ERBitmap"));
  read("map-resource");
  read("post-process");
  const authorize = read("authorize");
  const method = String(authorize.get("AZMethod"));
  if (!["anyauthenticated", "passthrough", "xmlfile"].includes(method)) {
    refuse("authorize", `method ${method} is not served`);
  }
  // nothing but the file of an authorization asks what the resource is
  for (const part of method === "xmlfile" ? resource : []) {
    if (!resourceParts.has(part)) refuse("extract-resource", `${part} is not served`);
  }
  return {
    name: policy.name,
    realm: String(identity.get("EIBasicAuthRealm") ?? "login"),
    users: place(
      "authenticate",
      authenticate.get("AUMethod"),
      authenticate.get("AUMapURL") ?? authenticate.get("AUCustomURL"),
    ),
    mapping: maps === "none" ? undefined : place("map-credentials", maps, mapping.get("MCMapURL")),
    resource: resource as ResourcePart[],
    authorization:
      method === "xmlfile" ? place("authorize", method, authorize.get("AZMapURL")) : undefined,
    logsAllowed: flagOf(policy, "log-allowed"),
    logsRejected: flagOf(policy, "log-rejected"),
  };
}

/** The fields of one phase; those that are not served must be at their defaults. */
function readPhase(
  planner: RulePlanner,
  policy: ConfigObject,
  phase: Phase,
): ReadonlyMap<string, Value> {
  const { type, fields } = phases[phase];
  const line = lineOf(policy, phase);
  if (line !== undefined && !line.negated && isSavedPhase(policy, line)) {
    return readSaved(planner, policy, line);
  }
  const empty = { name: phase, arguments: [], negated: false, origin: policy.origin, known: true };
  const values = recordOf(type, line === undefined || line.negated ? empty : line);
  const served = new Set<string>(fields.split(" "));
  for (const field of fieldsOfType(type) ?? []) {
    const value = values[field.name];
    const unset = JSON.stringify(defaultOf(field));
    if (served.has(field.name) || value === undefined || JSON.stringify(value) === unset) continue;
    const word = field.cli ?? field.name;
    planner.refusals.add(policy, `${phase}: ${word} "${String(value)}" is not served`, line);
  }
  return new Map(Object.entries(values));
}

/** A phase in the form in which it is saved; a word in it that is not understood is refused. */
function readSaved(
  planner: RulePlanner,
  policy: ConfigObject,
  line: PropertyLine,
): ReadonlyMap<string, Value> {
  const { type, fields } = phases[line.name as Phase];
  const { values, unknown } = readSavedPhase(line);
  const refuse = (why: string): void => planner.refusals.add(policy, `${line.name}: ${why}`, line);
  if (unknown !== undefined) {
    const { number, text } = unknown;
    refuse(`word ${number}, "${text}", is not served: only the default of saved files is`);
  }
  const read = new Map<string, Value>();
  for (const field of fieldsOfType(type) ?? []) {
    const value = values[field.name] ?? defaultOf(field);
    if (value !== undefined) read.set(field.name, value);
    const own = values[field.name] !== undefined && value !== "none" && value !== defaultOf(field);
    if (own && !fields.split(" ").includes(field.name)) {
      refuse(`${field.cli} "${String(value)}" is not served`);
    }
  }
  return read;
}

function placeOf(planner: RulePlanner, url: string, refuse: (why: string) => void): AaaFilePlace {
  const file = fileOfUrl(planner.root, planner.domain.name, url);
  if (file === undefined || !existsSync(file)) refuse(`the file "${url}" is not there`);
  return { url, file: file ?? "" };
}

function listOf(value: Value | undefined): string[] {
  if (value === undefined || value === "") return [];
  return typeof value === "string" ? value.split("+") : (value as readonly string[]).map(String);
}
