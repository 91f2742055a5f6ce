import { fileOfUrl } from "../../config/locations.ts";
import { type ConfigObject, objectKey } from "../../config/model.ts";
import { flagOf, lineOf, numberOf, textOf } from "../properties.ts";
import type { RulePlanner } from "./action-kind.ts";
import type { Delivery, Place } from "./action-plan.ts";

const modes: ReadonlySet<string> = new Set(["first-available", "require-all", "attempt-all"]);

/** The `destination` of an action; refused when nothing here can lead there. Files are for reading. */
export function placeOf(
  planner: RulePlanner,
  action: ConfigObject,
  method: string,
  use: "read" | "send",
): Place {
  const url = textOf(action, "destination");
  const known =
    /^(?:https?|var):\/\//.test(url) ||
    (use === "read" &&
      /^(?:local|config|temporary|store):/.test(url) &&
      fileOfUrl(planner.root, planner.domain.name, url) !== undefined);
  if (!known) {
    const line = lineOf(action, "destination");
    planner.refusals.add(action, `destination "${url}" is not served`, line);
  }
  return { url, method, sslProfile: clientProfileOf(planner, action) };
}

/** The ssl-client profile of an action, or ""; refused when it does not exist. */
export function clientProfileOf(planner: RulePlanner, action: ConfigObject): string {
  const name = textOf(action, "ssl-client");
  if (name === "" || planner.domain.objects.get(objectKey("SSLClientProfile", name))?.enabled) {
    return name;
  }
  planner.refusals.add(action, `ssl-client "${name}" does not exist`, lineOf(action, "ssl-client"));
  return name;
}

/** How an action sends its input; undefined when it has no destination. */
export function deliveryOf(
  planner: RulePlanner,
  action: ConfigObject,
  methodProperty: string,
): Delivery | undefined {
  if (textOf(action, "destination") === "") return undefined;
  const mode = textOf(action, "results-mode");
  if (!modes.has(mode)) {
    const line = lineOf(action, "results-mode");
    planner.refusals.add(action, `results-mode ${mode} is not known`, line);
  }
  return {
    place: placeOf(planner, action, textOf(action, methodProperty), "send"),
    mode: mode as Delivery["mode"],
    retries: numberOf(action, "retry-count"),
    retryInterval: numberOf(action, "retry-interval"),
    manyOutputs: flagOf(action, "multiple-outputs"),
  };
}

/** The properties of a delivery. */
export const deliveryProperties = [
  "destination",
  "ssl-client",
  "results-mode",
  "retry-count",
  "retry-interval",
  "multiple-outputs",
] as const;
