import { setTimeout as sleep } from "node:timers/promises";
import { type Failure, failureCodes, failureIn } from "../../message/failure.ts";
import { emptyContent } from "../../message/transaction.ts";
import { logEventOf } from "../../message/transaction-log.ts";
import type { ActionPlan, Delivery } from "../../plan/actions/action-plan.ts";
import type { OpenedUrl } from "../../script/script-host.ts";
import type { RuleRun } from "./rule-run.ts";
import { placeUrl, sendUrl } from "./send-url.ts";

/** Most places that one variable may name. */
const mostPlaces = 64;

/** A place of a delivery, with the context that is sent there. */
interface Stop {
  readonly url: string;
  readonly input: string;
}

/**
 * Sends the input of an action to its place, or to each place that its variable names. With
 * `first-available` the first that answers ends it, with `require-all` the first that fails, and
 * `attempt-all` never fails. Answers go to the output: of several, to `output_1`, `output_2` …
 */
export async function deliver(
  run: RuleRun,
  action: ActionPlan,
  delivery: Delivery,
): Promise<Failure | undefined> {
  const { transaction } = run;
  const stops = stopsOf(placeUrl(run, delivery.place.url, action.input), action.input);
  if (stops.length > mostPlaces) {
    const why = `more than ${mostPlaces} destinations`;
    return failureIn(transaction, failureCodes.dynamicExecution, why);
  }
  const failures: string[] = [];
  for (const [at, stop] of stops.entries()) {
    const answer = await persist(run, delivery, stop);
    if (typeof answer === "string") {
      failures.push(answer);
      if (delivery.mode === "require-all") break;
      continue;
    }
    const output = delivery.manyOutputs ? `${action.output}_${at + 1}` : action.output;
    transaction.write(action.output === "NULL" ? "NULL" : output, {
      bytes: answer.body,
      form: "message",
    });
    if (delivery.mode === "first-available") return undefined;
  }
  if (failures.length === 0 && stops.length > 0) return undefined;
  const detail = stops.length === 0 ? "there is no destination" : failures.join("; ");
  if (delivery.mode !== "attempt-all") {
    return failureIn(transaction, failureCodes.backendConnection, detail);
  }
  run.world.log(logEventOf(transaction, "80c0000a", "warn", `action ${action.name}: ${detail}`));
  return undefined;
}

async function persist(run: RuleRun, delivery: Delivery, stop: Stop): Promise<OpenedUrl | string> {
  const content = run.transaction.read(stop.input) ?? emptyContent;
  const place = { ...delivery.place, url: stop.url };
  for (let tried = 0; ; tried++) {
    const answer = await sendUrl(run, { place, context: stop.input, content });
    if (typeof answer !== "string" || tried >= delivery.retries) return answer;
    await sleep(delivery.retryInterval);
  }
}

/** One URL, or the `<url input="context">…</url>` of a list of them. */
function stopsOf(text: string, input: string): Stop[] {
  if (!text.includes("<url")) return text.trim() === "" ? [] : [{ url: text.trim(), input }];
  return [...text.matchAll(/<url(\s[^>]*)?>([^<]*)<\/url>/g)].map(([, attributes, url = ""]) => ({
    url: url.trim().replaceAll("&amp;", "&"),
    input: /\sinput=["']([^"']*)["']/.exec(attributes ?? "")?.[1] ?? input,
  }));
}
