import type { ConfigObject } from "../config/model.ts";
import { linesOf } from "./properties.ts";
import type { HeaderEdit } from "./service-plan.ts";

/** The `inject` and `suppress` lines of a service, in this order. */
export function headerEdits(object: ConfigObject): HeaderEdit[] {
  return [...editsOf(object, "inject"), ...editsOf(object, "suppress")];
}

function editsOf(object: ConfigObject, name: "inject" | "suppress"): HeaderEdit[] {
  return linesOf(object, name).map(({ arguments: [side = "", header = "", value = ""] }) => ({
    side: side === "back" ? "back" : "front",
    name: header,
    ...(name === "inject" ? { value } : {}),
  }));
}
