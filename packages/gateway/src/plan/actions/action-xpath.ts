import type { ConfigObject, PropertyLine } from "../../config/model.ts";
import { XPath } from "../../xml/xpath.ts";
import type { RulePlanner } from "./action-kind.ts";

const extensions = "http://www.datapower.com/extensions";

/** What `dp:` means in the expressions of actions: functions of literal arguments. */
const options = {
  namespaces: { dp: extensions },
  functions: new Set(
    ["variable", "http-request-header", "http-response-header", "client-ip-addr"].map(
      (name) => `{${extensions}}${name}`,
    ),
  ),
};

/** An expression of an action; undefined, and refused, when it cannot be evaluated here. */
export function actionXPath(
  planner: RulePlanner,
  action: ConfigObject,
  line: PropertyLine | undefined,
  text: string,
): XPath | undefined {
  try {
    return new XPath(text, options);
  } catch (error) {
    planner.refusals.add(action, (error as Error).message, line);
    return undefined;
  }
}
