import { type Answer, defaultErrorAnswer } from "../answer/answer.ts";
import type { RequestHead } from "../http/request-head.ts";
import { failureCodes } from "../message/failure.ts";
import type { ListenerPlan } from "../plan/service-plan.ts";

/** Statuses of refusals before any rule. Not verified on the product: one place to change them. */
const refusalStatus = {
  method: 405,
  version: 505,
  uri: 414,
  header: 431,
  malformed: 400,
  feature: 400,
  expectation: 417,
  slow: 408,
} as const;

export type RefusalKind = keyof typeof refusalStatus;

/** The answer to what the front side handler does not let in; undefined lets it in. */
export function refusalOf(plan: ListenerPlan, head: RequestHead): Answer | undefined {
  const { method, target, version, framing } = head;
  const { features } = plan;
  if (!features.has(`HTTP-${version}`)) return refuse("version", `HTTP/${version}`);
  if (!features.has(method) && !(features.has("CustomMethods") && !isKnownMethod(method))) {
    return refuse("method", `method ${method} is not allowed`);
  }
  const upgrade = framing.asksWebSocket ? upgradeRefusal(plan, head) : undefined;
  if (upgrade !== undefined) return upgrade;
  if (framing.unknownExpectation) return refuse("expectation", "an unknown expectation");
  const question = target.indexOf("?");
  const query = question < 0 ? "" : target.slice(question + 1);
  if (target.length > plan.maxUrlLength) return refuse("uri", "the URL is too long");
  if (plan.maxQueryLength > 0 && query.length > plan.maxQueryLength) {
    return refuse("uri", "the query string is too long");
  }
  if (question >= 0 && !features.has("QueryString")) {
    return refuse("feature", "query strings are not allowed");
  }
  const path = question < 0 ? target : target.slice(0, question);
  const forbidden = suspicious.test(target) ? forbiddenFeature(features, path, query) : undefined;
  if (forbidden !== undefined) return refuse("feature", forbidden);
  return exceedsHeaderLimits(plan, head)
    ? refuse("header", "a header limit is exceeded")
    : undefined;
}

function upgradeRefusal(plan: ListenerPlan, { method, version, framing }: RequestHead) {
  if (!plan.webSocket) return refuse("feature", "an upgrade to WebSocket is not allowed");
  const fits = method === "GET" && version === "1.1" && framing.body === 0;
  return fits ? undefined : refuse("malformed", "no handshake for WebSocket");
}

/** A target without any of these needs no closer look. */
const suspicious = /[#%]|\.\.|cmd\.exe/i;

function forbiddenFeature(
  features: ReadonlySet<string>,
  path: string,
  query: string,
): string | undefined {
  if (path.includes("#") && !features.has("FragmentIdentifiers"))
    return "fragments are not allowed";
  const dots = features.has("DotDot");
  const decoded = path.replaceAll(/%2e/gi, ".");
  if (decoded.includes("..") && !dots && !features.has("DotDotInPath")) return ".. in the path";
  if (
    query.replaceAll(/%2e/gi, ".").includes("..") &&
    !dots &&
    !features.has("DotDotInQueryString")
  ) {
    return ".. in the query string";
  }
  if (/cmd\.exe/i.test(path) && !features.has("CmdExe")) return "cmd.exe in the path";
  return undefined;
}

function exceedsHeaderLimits(plan: ListenerPlan, { framing }: RequestHead): boolean {
  const { maxHeaderCount, maxHeaderNameLength, maxHeaderValueLength } = plan;
  const over = (limit: number, value: number): boolean => limit > 0 && value > limit;
  return (
    over(maxHeaderCount, framing.count) ||
    over(maxHeaderNameLength, framing.longestName) ||
    over(maxHeaderValueLength, framing.longestValue)
  );
}

const refused: Partial<Record<RefusalKind, number>> = {};

/** Refusals of this process since its start, by kind. */
export function refusalCounts(): Readonly<Partial<Record<RefusalKind, number>>> {
  return { ...refused };
}

/** The default error with the status of a refusal. */
export function refuse(kind: RefusalKind, detail: string): Answer {
  refused[kind] = (refused[kind] ?? 0) + 1;
  const code = failureCodes.dynamicExecution;
  return defaultErrorAnswer({
    code,
    subcode: code,
    message: detail,
    side: "client",
    status: refusalStatus[kind],
  });
}

/** A refusal as the log has it: who asked for what, and what the answer was. */
export function refusalText(
  client: string,
  { status, reason }: Answer,
  head?: RequestHead,
): string {
  const what = head === undefined ? "a request" : `${head.method} ${head.target.slice(0, 200)}`;
  return `${client}: ${what} is refused with ${status} ${reason}`;
}

function isKnownMethod(method: string): boolean {
  return /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT)$/.test(method);
}
