import type { ConfigObject } from "../config/model.ts";
import { lineOf, textOf } from "./properties.ts";
import type { Refusals } from "./refusals.ts";
import type { MessageType, PolicyEntry, RulePlan } from "./service-plan.ts";

const messageTypes: ReadonlySet<string> = new Set<MessageType>([
  "preprocessed",
  "json",
  "xml",
  "soap",
  "unprocessed",
]);

/** How the messages of one side are read. */
export function messageType(
  object: ConfigObject,
  name: "request-type" | "response-type",
  refusals: Refusals,
): MessageType {
  const type = textOf(object, name);
  if (messageTypes.has(type)) return type as MessageType;
  refusals.add(object, `${name} ${type} is not served`, lineOf(object, name));
  return "preprocessed";
}

/** True when no request can reach a backend: each request rule sets skip-backside. */
export function answersItself(object: ConfigObject, policy: readonly PolicyEntry[]): boolean {
  const skips = (rule: RulePlan): boolean =>
    rule.actions.some(
      (action) =>
        action.type === "setvar" &&
        action.variable === "var://service/mpgw/skip-backside" &&
        action.value === "1",
    );
  const requestRules = policy.filter(({ rule }) =>
    ["rule", "request-rule"].includes(rule.direction),
  );
  return (
    textOf(object, "type") === "dynamic-backend" && requestRules.every(({ rule }) => skips(rule))
  );
}
