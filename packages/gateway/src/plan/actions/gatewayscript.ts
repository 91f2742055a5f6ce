import { fileOfUrl } from "../../config/locations.ts";
import { lineOf, textOf } from "../properties.ts";
import type { ActionKind } from "./action-kind.ts";

/** `gatewayscript`: a script of the domain, or what a variable will hold. */
export const gatewayscript: ActionKind = {
  served: ["gatewayscript-location"],
  plan(planner, action, common) {
    const location = textOf(action, "gatewayscript-location");
    const output = common.output || "NULL";
    if (/^var:\/\/(?:context|local|service)\//.test(location)) {
      return { ...common, output, type: "gatewayscript", location, file: "" };
    }
    const file = fileOfUrl(planner.root, planner.domain.name, location);
    if (file === undefined || !/^(local|config|temporary|store):/.test(location)) {
      const line = lineOf(action, "gatewayscript-location");
      planner.refusals.add(action, `script location "${location}" is not served`, line);
    }
    return { ...common, output, type: "gatewayscript", location, file: file ?? "" };
  },
};
