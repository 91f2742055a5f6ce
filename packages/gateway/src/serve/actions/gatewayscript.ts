import type { ActionOf } from "../../plan/actions/action-plan.ts";
import type { ScriptFailure } from "../../script/script-runner.ts";
import type { StoredScript } from "../../script/script-store.ts";
import { type Failure, failureCodes, failureIn, internalError, sideOf } from "../failure.ts";
import { emptyContent, type Transaction } from "../transaction.ts";
import { TransactionHost } from "../transaction-host.ts";
import { logEventOf } from "../transaction-log.ts";
import type { Outcome, RuleRun } from "./rule-run.ts";

type ScriptAction = ActionOf<"gatewayscript">;

/** Runs a script; an exception that nobody caught and a rejection are failures. */
export function runGatewayScript({ world, transaction }: RuleRun, action: ScriptAction): Outcome {
  let script: StoredScript;
  try {
    script = world.scripts.load(action.file, action.location);
  } catch (error) {
    const detail = `script ${action.location}: ${(error as Error).message}`;
    return failureIn(transaction, failureCodes.script, detail);
  }
  if (world.log.writes?.("debug") !== false) {
    const text = `running the script ${action.location}`;
    world.log(logEventOf(transaction, "8580009e", "debug", text));
  }
  return new Promise((resolve) => {
    let host: TransactionHost | undefined;
    world.runner.start(
      script.run,
      script.id,
      script.usesPromises,
      (run) => {
        host = new TransactionHost({ ...world, transaction, action }, run);
        return host;
      },
      {
        done: () => resolve(outcomeOf(transaction, action, host)),
        failed: (failure) => resolve(scriptFailure(transaction, action.location, failure)),
      },
    );
  });
}

function outcomeOf(
  transaction: Transaction,
  action: ScriptAction,
  host: TransactionHost | undefined,
): Failure | undefined {
  if (host?.rejection !== undefined) {
    return {
      code: failureCodes.rejected,
      subcode: failureCodes.rejected,
      message: host.rejection || internalError,
      side: sideOf(transaction),
      detail: `rejected: ${host.rejection}`,
    };
  }
  if (host?.touched === false) {
    transaction.write(action.output, transaction.read(action.input) ?? emptyContent);
  }
  return undefined;
}

function scriptFailure(
  transaction: Transaction,
  location: string,
  failure: ScriptFailure,
): Failure {
  const detail = `script ${location}: ${failure.stack ?? failure.message}`;
  return failureIn(transaction, failureCodes.script, detail);
}
