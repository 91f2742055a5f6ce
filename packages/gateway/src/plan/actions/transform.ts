import type { ConfigObject } from "../../config/model.ts";
import { lineOf, textOf } from "../properties.ts";
import type { ActionKind, RulePlanner } from "./action-kind.ts";
import type { BuiltInSheet, TransformPlan } from "./xml-action-plan.ts";

type Sheets = Readonly<Record<string, BuiltInSheet>>;

const stylesheets: Sheets = {
  "store:///identity.xsl": "identity",
  "store:///jsonx2json.xsl": "JSONx to JSON",
  "store:///filter-reject-all.xsl": "reject",
};

const queries: Sheets = {
  "store:///identity-json.xq": "identity of JSON",
  "store:///reject-all-json.xq": "reject",
};

const filters: Sheets = {
  "store:///filter-reject-all.xsl": "reject",
  "store:///healthcheck.xsl": "reject faults",
};

/** `xform`, `xformpi` and `xformbin` with a built-in stylesheet. */
export const xform = transform("xform", stylesheets);
export const xformpi = transform("xformpi", stylesheets);
export const xformbin = transform("xformbin", stylesheets);

/** `xformng` with a built-in query. */
export const xformng = transform("xformng", queries);

/** `filter` with a built-in stylesheet that accepts or rejects. */
export const filter: ActionKind = {
  served: ["transform", "parameter"],
  plan(planner, action, common) {
    const sheet = sheetOf(planner, action, filters);
    return { ...common, type: "filter", output: common.output || "NULL", sheet };
  },
};

function transform(type: TransformPlan["type"], sheets: Sheets): ActionKind {
  return {
    served: ["transform", "parameter"],
    plan(planner, action, common) {
      const sheet = sheetOf(planner, action, sheets);
      return { ...common, type, output: common.output || "OUTPUT", sheet };
    },
  };
}

/** The built-in sheet that an action names; any other one is refused. */
function sheetOf(planner: RulePlanner, action: ConfigObject, sheets: Sheets): BuiltInSheet {
  const name = textOf(action, "transform");
  const sheet = Object.hasOwn(sheets, name) ? sheets[name] : undefined;
  if (sheet !== undefined) return sheet;
  const known = Object.keys(sheets).join(", ");
  const why = `the sheet "${name}" is not served, only ${known}`;
  planner.refusals.add(action, why, lineOf(action, "transform"));
  return "reject";
}
