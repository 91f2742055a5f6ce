import { fileOfUrl } from "../../config/locations.ts";
import { lineOf, textOf } from "../properties.ts";
import type { ActionKind } from "./action-kind.ts";

/** `gatewayscript`: a script of the domain. */
export const gatewayscript: ActionKind = {
  served: ["gatewayscript-location"],
  plan(planner, action, common) {
    const location = textOf(action, "gatewayscript-location");
    const file = fileOfUrl(planner.root, planner.domain.name, location);
    if (file === undefined || !/^(local|config|temporary):/.test(location)) {
      const line = lineOf(action, "gatewayscript-location");
      planner.refusals.add(action, `script location "${location}" is not served`, line);
    }
    const output = common.output || "NULL";
    return { ...common, output, type: "gatewayscript", location, file: file ?? "" };
  },
};
