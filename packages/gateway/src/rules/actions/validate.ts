import { type Failure, failureCodes, failureIn } from "../../message/failure.ts";
import { type Content, emptyContent, type Transaction } from "../../message/transaction.ts";
import { readVariable } from "../../message/variables.ts";
import type { ActionOf } from "../../plan/actions/action-plan.ts";
import type { SoapValidation } from "../../plan/actions/xml-action-plan.ts";
import { soapMessage } from "../../xml/soap.ts";
import type { Xsd } from "../../xml/xsd.ts";
import type { Outcome, RuleRun } from "./rule-run.ts";

type ValidateAction = ActionOf<"validate">;

/** Holds the input against the schema, and copies it to the output when it keeps it. */
export function runValidate({ world, transaction }: RuleRun, action: ValidateAction): Outcome {
  const { domain } = transaction.plan;
  const input = transaction.read(action.input) ?? emptyContent;
  const url = action.url.startsWith("var://")
    ? String(readVariable(transaction, action.url, action.input) ?? "")
    : action.url;
  try {
    if (action.language === "json") {
      const value = transaction.documents.json(input);
      return world.schemas.json(domain, url).then(
        (validate) => conclude(transaction, action, input, validate(value)),
        (error: Error) => failed(transaction, action, `schema ${url}: ${error.message}`),
      );
    }
    const xsd = world.schemas.xsd(domain, url);
    const problem = problemOf(transaction, xsd, action.soap, input);
    return conclude(transaction, action, input, problem);
  } catch (error) {
    return failed(transaction, action, (error as Error).message);
  }
}

function conclude(
  transaction: Transaction,
  action: ValidateAction,
  input: Content,
  problem: string | undefined,
): Failure | undefined {
  if (problem !== undefined) return failed(transaction, action, problem);
  transaction.write(action.output, input);
  return undefined;
}

/** What of the document does not keep the schema: of a SOAP message, the parts that count. */
function problemOf(
  { documents }: Transaction,
  xsd: Xsd,
  mode: SoapValidation,
  input: Content,
): string | undefined {
  const tree = documents.tree(input);
  const soap = mode === "envelope" ? undefined : soapMessage(tree);
  if (soap === undefined) return xsd.problemOf(tree);
  if (soap.detail !== undefined && mode === "ignore-faults") return undefined;
  const elements = soap.detail !== undefined && mode === "body-or-detail" ? soap.detail : soap.body;
  if (elements.length === 0 && soap.detail === undefined) return "the body of the message is empty";
  for (const element of elements) {
    const problem = xsd.problemOfElement(element);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function failed(transaction: Transaction, action: ValidateAction, why: string): Failure {
  const detail = `input of ${action.name}: ${why}`;
  return failureIn(transaction, failureCodes.dynamicExecution, detail);
}
