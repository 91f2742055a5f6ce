import type { ConfigObject } from "../config/model.ts";
import { lineOf, textOf } from "./properties.ts";
import type { Refusals } from "./refusals.ts";
import type { ServicePlan } from "./service-plan.ts";

/** Where an mpgw sends its messages. */
export function planBackend(object: ConfigObject, refusals: Refusals): ServicePlan["backend"] {
  const type = textOf(object, "type");
  if (type === "dynamic-backend") return { type: "dynamic" };
  const text = textOf(object, "backend-url");
  const line = lineOf(object, type === "static-backend" ? "backend-url" : "type");
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (type !== "static-backend") refusals.add(object, `type ${type} is not served`, line);
  else if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    refusals.add(object, `backend-url "${text}" is not an http or https URL`, line);
  }
  return { type: "static", url: url ?? new URL("http://invalid.invalid/") };
}
