import type { Content } from "../../message/transaction.ts";
import { readVariable } from "../../message/variables.ts";
import type { Place } from "../../plan/actions/action-plan.ts";
import type { OpenedUrl } from "../../script/script-host.ts";
import { openWhole } from "../open-url.ts";
import type { RuleRun } from "./rule-run.ts";

/** One request of an action. */
export interface ActionRequest {
  readonly place: Place;
  /** The context whose `var://local` and `_extension/header/…` variables count. */
  readonly context: string;
  /** What is sent; undefined for a request without a body. */
  readonly content: Content | undefined;
}

/**
 * Sends a request of an action through the client that scripts have. Gives the answer when its
 * status is below 400, else what went wrong.
 */
export function sendUrl(run: RuleRun, request: ActionRequest): Promise<OpenedUrl | string> {
  const { world, transaction } = run;
  const { place, content } = request;
  const target = placeUrl(run, place.url, request.context);
  const base = { root: world.root, domain: transaction.plan.domain, urls: world.urls };
  const sent = {
    target,
    method: place.method || (content === undefined ? "GET" : "POST"),
    headers: headersFor(run, request),
    timeout: 0,
    data: content?.bytes,
    sslClientProfile: place.sslProfile,
  };
  return openWhole(sent, base).then(
    (answer) => (answer.statusCode < 400 ? answer : `${target} answered ${answer.statusCode}`),
    (error: Error) => `${target}: ${error.message}`,
  );
}

/** The URL of a place: as configured, or what the variable that it names holds. */
export function placeUrl({ transaction }: RuleRun, url: string, context: string): string {
  return url.startsWith("var://") ? String(readVariable(transaction, url, context) ?? "") : url;
}

function headersFor({ transaction }: RuleRun, request: ActionRequest): Record<string, string> {
  const headers: Record<string, string> = {};
  const type = transaction.current.get("content-type");
  if (request.content !== undefined && type !== undefined) headers["Content-Type"] = type;
  const prefix = `${request.context}/_extension/header/`;
  for (const [name, value] of transaction.variables) {
    if (name.startsWith(prefix)) headers[name.slice(prefix.length)] = String(value);
  }
  return headers;
}
