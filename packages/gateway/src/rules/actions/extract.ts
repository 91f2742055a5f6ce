import { evaluateXPath } from "../../message/evaluate-xpath.ts";
import { failureCodes, failureIn } from "../../message/failure.ts";
import { writeVariable } from "../../message/variables.ts";
import type { ActionOf } from "../../plan/actions/action-plan.ts";
import { serialiseValue } from "../../xml/nodes.ts";
import { stringOf } from "../../xml/xpath.ts";
import type { Outcome, RuleRun } from "./rule-run.ts";

/** Writes what the expression selects: nodes as XML, anything else as text. */
export function runExtract({ transaction }: RuleRun, action: ActionOf<"extract">): Outcome {
  try {
    const value = evaluateXPath(transaction, action.input, action.xpath);
    const text = serialiseValue(value, stringOf(value));
    if (action.variable !== "") {
      writeVariable(transaction, action.variable, text, action.input);
    }
    transaction.write(action.output, { bytes: Buffer.from(text), form: "message" });
    return undefined;
  } catch (error) {
    const detail = `input of ${action.name}: ${(error as Error).message}`;
    return failureIn(transaction, failureCodes.dynamicExecution, detail);
  }
}
