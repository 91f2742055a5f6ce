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
import type { RunEnd, ScriptFailure } from "../../script/script-run.ts";
import type { StoredScript } from "../../script/script-store.ts";
import { TransactionHost } from "../transaction-host.ts";
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

function start(run: RuleRun, action: ScriptAction, script: StoredScript): Outcome {
  const host = new TransactionHost(run, action);
  const end = new ScriptEnd(run, action, host);
  run.world.runner.start(script, host, end, run.mayBeLost);
  return end.outcome();
}

/** What becomes of a run of a script, for those who started it. */
class ScriptEnd implements RunEnd {
  readonly #run: RuleRun;
  readonly #action: ScriptAction;
  readonly #host: TransactionHost;
  #ended = false;
  #outcome: Failure | undefined;
  #tell: ((outcome: Failure | undefined) => void) | undefined;

  constructor(run: RuleRun, action: ScriptAction, host: TransactionHost) {
    this.#run = run;
    this.#action = action;
    this.#host = host;
  }

  /** At once where the script has ended by now. */
  outcome(): Outcome {
    if (this.#ended) return this.#outcome;
    return new Promise((resolve) => {
      this.#tell = resolve;
    });
  }

  done(): void {
    this.#ended = true;
    this.#host.close();
    this.#outcome = outcomeOf(this.#run.transaction, this.#action, this.#host);
    this.#tell?.(this.#outcome);
  }

  failed(failure: ScriptFailure): void {
    this.#host.close();
    const outcome = scriptFailure(this.#run.transaction, this.#action.location, failure);
    if (this.#tell !== undefined) this.#tell(outcome);
    // stopped before it returned to its callers
    else this.#run.lost(outcome);
  }
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
  host: TransactionHost,
): Failure | undefined {
  if (host.rejection !== undefined) {
    return {
      code: failureCodes.rejected,
      subcode: failureCodes.rejected,
      message: host.rejection || internalError,
      side: sideOf(transaction),
      detail: `rejected: ${host.rejection}`,
    };
  }
  if (!host.touched) {
    transaction.write(action.output, transaction.read(action.input) ?? emptyContent);
  }
  return undefined;
}

function scriptFailure(
  transaction: Transaction,
  location: string,
  failure: ScriptFailure,
): Failure {
  const detail = `script ${location}: ${shownStack(failure.stack) ?? failure.message}`;
  return failureIn(transaction, failureCodes.script, detail);
}

/** A stack without the frames of the gateway itself, which say nothing to the script's author. */
function shownStack(stack: string | undefined): string | undefined {
  const own = /^\s+at .*(?:gateway:(?:install|enter):|file:\/\/|node:|[( ]\/)/;
  return stack
    ?.split("\n")
    .filter((line) => !own.test(line))
    .join("\n");
}
