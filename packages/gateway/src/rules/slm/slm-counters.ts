import type { SlmStatement } from "../../plan/slm/slm-plan.ts";
import { counterFor, type SlmCounter } from "./slm-counter.ts";

/** Counters of every statement of this process, by domain, policy and statement. */
const byStatement = new Map<string, { statement: SlmStatement; values: Map<string, SlmCounter> }>();

/**
 * The counter of one value of a statement's classes. A statement that has changed counts anew. Of
 * more values than the statement allows, the one that has not been seen for longest goes.
 */
export function slmCounter(
  policy: string,
  statement: SlmStatement,
  value: string,
  now: number,
): SlmCounter {
  const key = `${policy}/${statement.id}`;
  let state = byStatement.get(key);
  if (state === undefined || !countsAlike(state.statement, statement)) {
    state = { statement, values: new Map() };
    byStatement.set(key, state);
  }
  const { values } = state;
  const counter = values.get(value) ?? counterFor(statement, now);
  values.delete(value);
  const oldest = values.keys().next().value;
  if (values.size >= statement.mostValues && oldest !== undefined) values.delete(oldest);
  values.set(value, counter);
  return counter;
}

function countsAlike(one: SlmStatement, other: SlmStatement): boolean {
  const names = ["interval", "length", "algorithm", "level", "release", "burst"] as const;
  return one === other || names.every((name) => one[name] === other[name]);
}
