import { jsonOfJsonx } from "../../json/jsonx.ts";
import { type Failure, failureCodes, failureIn, sideOf } from "../../message/failure.ts";
import { type Content, emptyContent, type Transaction } from "../../message/transaction.ts";
import type { ActionOf } from "../../plan/actions/action-plan.ts";
import type { BuiltInSheet } from "../../plan/actions/xml-action-plan.ts";
import { soapMessage } from "../../xml/soap.ts";
import type { Outcome, RuleRun } from "./rule-run.ts";

type TransformAction = ActionOf<"xform" | "xformpi" | "xformbin" | "xformng">;

/** Writes what a built-in sheet makes of the input. */
export function runTransform({ transaction }: RuleRun, action: TransformAction): Outcome {
  const input = transaction.read(action.input) ?? emptyContent;
  try {
    if (action.type === "xformpi") refuseOwnSheet(transaction, input);
    const output = outputOf(transaction, input, action.sheet);
    if (output === undefined) return rejected(transaction);
    transaction.write(action.output, output);
    return undefined;
  } catch (error) {
    const detail = `input of ${action.name}: ${(error as Error).message}`;
    return failureIn(transaction, failureCodes.dynamicExecution, detail);
  }
}

/** Lets the message on, or rejects it. */
export function runFilter({ transaction }: RuleRun, action: ActionOf<"filter">): Outcome {
  const input = transaction.read(action.input) ?? emptyContent;
  if (action.sheet !== "reject faults") return rejected(transaction);
  try {
    if (soapMessage(transaction.documents.tree(input))?.detail !== undefined) {
      return rejected(transaction);
    }
  } catch (error) {
    const detail = `input of ${action.name}: ${(error as Error).message}`;
    return failureIn(transaction, failureCodes.dynamicExecution, detail);
  }
  transaction.write(action.output, input);
  return undefined;
}

/** What a sheet makes of its input; undefined when it rejects it. */
function outputOf(
  { documents }: Transaction,
  input: Content,
  sheet: BuiltInSheet,
): Content | undefined {
  switch (sheet) {
    case "identity":
      return { bytes: documents.tree(input).serialise(), form: "message" };
    case "JSONx to JSON":
      return { bytes: Buffer.from(jsonOfJsonx(documents.tree(input))), form: "message" };
    case "identity of JSON":
      documents.json(input);
      return input;
    case "reject":
    case "reject faults":
      return undefined;
  }
}

/** The sheet that a document names for itself would come first, and is not served. */
function refuseOwnSheet({ documents }: Transaction, input: Content): void {
  const own = documents.tree(input).document.find("/processing-instruction('xml-stylesheet')");
  if (own.length > 0) throw new Error("the stylesheet that the document names is not served");
}

function rejected(transaction: Transaction): Failure {
  const code = failureCodes.rejected;
  const message = "Rejected by filter";
  return {
    code,
    subcode: code,
    message,
    side: sideOf(transaction),
    detail: "rejected by a filter",
  };
}
