import { textOf } from "../properties.ts";
import type { ActionKind } from "./action-kind.ts";
import { placeOf } from "./place.ts";

/** `fetch`: what a URL leads to becomes the output. */
export const fetch: ActionKind = {
  served: ["destination", "http-method", "ssl-client"],
  plan(planner, action, common) {
    const place = placeOf(planner, action, textOf(action, "http-method"), "read");
    return { ...common, type: "fetch", output: common.output || "OUTPUT", place };
  },
};
