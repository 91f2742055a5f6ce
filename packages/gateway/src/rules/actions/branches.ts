import { evaluateXPath } from "../../message/evaluate-xpath.ts";
import { type Failure, failureCodes, failureIn } from "../../message/failure.ts";
import type { Transaction } from "../../message/transaction.ts";
import type { ActionOf } from "../../plan/actions/action-plan.ts";
import { mostIterations } from "../../plan/actions/for-each.ts";
import { serialiseNode } from "../../xml/nodes.ts";
import { truthOf, type XPath } from "../../xml/xpath.ts";
import type { Outcome, RuleRun } from "./rule-run.ts";

/** Runs the action of the first condition that is true, if any is. */
export function runConditional(run: RuleRun, action: ActionOf<"conditional">): Outcome {
  const { transaction } = run;
  try {
    const index = action.conditions.findIndex((condition) =>
      truthOf(evaluateXPath(transaction, action.input, condition)),
    );
    const chosen = index < 0 ? undefined : action.inner?.[index];
    return chosen === undefined ? undefined : run.runAction(chosen);
  } catch (error) {
    const detail = `input of ${action.name}: ${(error as Error).message}`;
    return failureIn(transaction, failureCodes.dynamicExecution, detail);
  }
}

/**
 * Runs the inner action once for each turn, until one fails. `multistep/loop-count` counts from 1,
 * `multistep/loop-iterator` is the node, as XML, or the count.
 */
export async function runForEach(
  run: RuleRun,
  action: ActionOf<"for-each">,
): Promise<Failure | undefined> {
  const { transaction } = run;
  const [inner] = action.inner ?? [];
  if (inner === undefined) return undefined;
  let turns: readonly string[];
  try {
    turns = turnsOf(transaction, action.input, action.over);
  } catch (error) {
    const detail = `input of ${action.name}: ${(error as Error).message}`;
    return failureIn(transaction, failureCodes.dynamicExecution, detail);
  }
  const outer = ["loop-iterator", "loop-count"].map((name) => transaction.service.get(multi(name)));
  let failure: Failure | undefined;
  for (const [index, iterator] of turns.entries()) {
    setLoop(transaction, [iterator, index + 1]);
    failure = await run.runAction(inner);
    if (failure !== undefined) break;
  }
  setLoop(transaction, outer);
  return failure;
}

function turnsOf(transaction: Transaction, input: string, over: XPath | number): string[] {
  if (typeof over === "number") return Array.from({ length: over }, (_, at) => String(at + 1));
  const value = evaluateXPath(transaction, input, over);
  if (value.type !== "nodes") throw new Error(`${over.source} selects no nodes`);
  if (value.nodes.length > mostIterations) throw new Error(`more than ${mostIterations} turns`);
  return value.nodes.map(serialiseNode);
}

function setLoop({ service }: Transaction, [iterator, count]: readonly unknown[]): void {
  for (const [name, value] of [
    ["loop-iterator", iterator],
    ["loop-count", count],
  ] as const) {
    if (value === undefined) service.delete(multi(name));
    else service.set(multi(name), value);
  }
}

function multi(name: string): string {
  return `multistep/${name}`;
}
