import type { UrlClient } from "../../backside/url-client.ts";
import type { Log } from "../../log.ts";
import type { Failure } from "../../message/failure.ts";
import type { Transaction } from "../../message/transaction.ts";
import type { ActionPlan } from "../../plan/actions/action-plan.ts";
import type { RulePlan } from "../../plan/service-plan.ts";
import type { ScriptRunner } from "../../script/script-runner.ts";
import type { ScriptStore } from "../../script/script-store.ts";
import type { SchemaStore } from "../schema-store.ts";

/** What rules need to run in. */
export interface RuleWorld {
  readonly root: string;
  readonly runner: ScriptRunner;
  readonly scripts: ScriptStore;
  readonly schemas: SchemaStore;
  readonly log: Log;
  readonly urls: Pick<UrlClient, "open">;
}

/** What became of an action: undefined when it succeeded; at once where nothing was waited for. */
export type Outcome = Failure | undefined | Promise<Failure | undefined>;

/** One run of a rule, as its actions see it. */
export interface RuleRun {
  readonly world: RuleWorld;
  readonly transaction: Transaction;
  /** True where the action that runs may lose its callers with the stack, see `isBareStack`. */
  readonly mayBeLost: boolean;
  /** Takes the failure of an action that was lost so to its message, in place of its callers. */
  lost(failure: Failure): void;
  /** Waits for asynchronous actions of these names, or for all; gives the first failure. */
  join(names: readonly string[], timeout: number): Promise<Failure | undefined>;
  /** Runs another action in this rule's place: for actions that contain others. */
  runAction(action: ActionPlan): Outcome;
  /** Runs a rule on what `input` holds; what it leaves in OUTPUT goes to `output`. */
  runRule(rule: RulePlan, input: string, output: string): Promise<Failure | undefined>;
}
