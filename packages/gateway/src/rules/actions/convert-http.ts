import { failureCodes, failureIn } from "../../message/failure.ts";
import { type Content, emptyContent } from "../../message/transaction.ts";
import type { ActionOf } from "../../plan/actions/action-plan.ts";
import { httpRequestDocument } from "../../xml/http-request-document.ts";
import type { Outcome, RuleRun } from "./rule-run.ts";

/** Writes the query of the message, and its body where it is a form, as an XML document. */
export function runConvertHttp(
  { transaction }: RuleRun,
  action: ActionOf<"convert-http">,
): Outcome {
  const input = transaction.read(action.input) ?? emptyContent;
  try {
    const text = httpRequestDocument(
      {
        uri: transaction.uri,
        contentType: transaction.header("content-type") ?? "",
        body: input.bytes,
      },
      action.conversion,
    );
    const output: Content = { bytes: Buffer.from(text), form: "message" };
    // values that are taken as XML may be none
    transaction.documents.tree(output);
    transaction.write(action.output, output);
    return undefined;
  } catch (error) {
    const detail = `input of ${action.name}: ${(error as Error).message}`;
    return failureIn(transaction, failureCodes.dynamicExecution, detail);
  }
}

/** Copies a message without attachments; one that may have some is refused. */
export function runStripAttachments(
  { transaction }: RuleRun,
  action: ActionOf<"strip-attachments">,
): Outcome {
  if (/^\s*multipart\//i.test(transaction.header("content-type") ?? "")) {
    const detail = `input of ${action.name}: attachments are not served`;
    return failureIn(transaction, failureCodes.dynamicExecution, detail);
  }
  transaction.write(action.output, transaction.read(action.input) ?? emptyContent);
  return undefined;
}
