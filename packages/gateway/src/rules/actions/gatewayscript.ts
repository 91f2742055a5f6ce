import { fileOfUrl } from "../../config/locations.ts";
import {
  type Failure,
  failureCodes,
  failureIn,
  internalError,
  sideOf,
} from "../../message/failure.ts";
import { emptyContent, type Transaction } from "../../message/transaction.ts";
import { logEventOf } from "../../message/transaction-log.ts";
import { readVariable } from "../../message/variables.ts";
import type { ActionOf } from "../../plan/actions/action-plan.ts";
import type { ScriptFailure } from "../../script/script-runner.ts";
import type { StoredScript } from "../../script/script-store.ts";
import { type HostParts, TransactionHost } from "../transaction-host.ts";
import type { Outcome, RuleRun } from "./rule-run.ts";

type ScriptAction = ActionOf<"gatewayscript">;

/** Runs a script; an exception that nobody caught and a rejection are failures. */
export function runGatewayScript(run: RuleRun, action: ScriptAction): Outcome {
  const { world, transaction } = run;
  let script: StoredScript;
  try {
    script = scriptOf(run, action);
  } catch (error) {
    const detail = `script ${action.location}: ${(error as Error).message}`;
    return failureIn(transaction, failureCodes.script, detail);
  }
  if (world.log.writes?.("debug") !== false) {
    const text = `running the script ${action.location}`;
    world.log(logEventOf(transaction, "8580009e", "debug", text));
  }
  const loading = script.needsModules ? world.runner.prepare() : undefined;
  return loading === undefined
    ? start(run, action, script)
    : loading.then(() => start(run, action, script));
}

function start(
  run: RuleRun,
  action: ScriptAction,
  script: StoredScript,
): Promise<Failure | undefined> {
  const { world, transaction } = run;
  const callRule: HostParts["callRule"] = async (name, input, output) => {
    const rule = transaction.plan.rules.get(name);
    if (rule === undefined) return `no rule ${name}`;
    const failure = await run.runRule(rule, input, output);
    return failure === undefined ? undefined : (failure.detail ?? failure.message);
  };
  return new Promise((resolve) => {
    let host: TransactionHost | undefined;
    world.runner.start(
      script.run,
      script.id,
      script.usesPromises,
      (scriptRun) => {
        host = new TransactionHost({ world, transaction, action, callRule }, scriptRun);
        return host;
      },
      {
        done: () => resolve(outcomeOf(transaction, action, host)),
        failed: (failure) => resolve(scriptFailure(transaction, action.location, failure)),
      },
    );
  });
}

/** The script of a file, or of a variable: it holds the URL of a file, or the script itself. */
function scriptOf({ world, transaction }: RuleRun, action: ScriptAction): StoredScript {
  const { file, location } = action;
  if (file !== "") return world.scripts.load(file, location);
  const held = String(readVariable(transaction, location, action.input) ?? "");
  if (!/^[a-z]+:\/{1,3}\S+$/.test(held)) return world.scripts.loadText(held, location);
  const named = /^(?:local|config|temporary):/.test(held)
    ? fileOfUrl(world.root, transaction.plan.domain, held)
    : undefined;
  if (named === undefined) throw new Error(`script location "${held}" is not served`);
  return world.scripts.load(named, held);
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
