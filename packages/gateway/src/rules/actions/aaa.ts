import { createHash, timingSafeEqual } from "node:crypto";
import { type Failure, failureCodes, sideOf } from "../../message/failure.ts";
import type { Identity, Transaction } from "../../message/transaction.ts";
import { logEventOf } from "../../message/transaction-log.ts";
import type { AaaPolicyPlan, ResourcePart } from "../../plan/aaa/aaa-plan.ts";
import type { ActionOf } from "../../plan/actions/action-plan.ts";
import { readAaaFile } from "../aaa/aaa-file.ts";
import { passOn } from "./pass-on.ts";
import type { RuleRun } from "./rule-run.ts";

/** What the client is told (recorded). */
const rejection = "Rejected by policy";

/**
 * Extracts who the client is, authenticates, maps and authorizes it. Whoever does not pass is
 * answered 401 with a challenge, also when a file of users cannot be read.
 */
export async function runAaa(run: RuleRun, action: ActionOf<"aaa">): Promise<Failure | undefined> {
  const { transaction } = run;
  const { policy } = action;
  const outcome = await identify(transaction, policy).catch((error: Error) => error.message);
  const passed = typeof outcome !== "string";
  if (passed) {
    transaction.identity = outcome;
    transaction.variables.set("WSM/identity/username", outcome.username);
    transaction.variables.set("WSM/identity/authenticated-user", outcome.credential);
  }
  if (passed ? policy.logsAllowed : policy.logsRejected) {
    const text = passed
      ? `aaapolicy ${policy.name}: ${outcome.username} is allowed`
      : `aaapolicy ${policy.name}: ${outcome}`;
    const event = logEventOf(transaction, "80c0000d", passed ? "info" : "warn", text);
    run.world.log({ ...event, category: "aaa" });
  }
  if (!passed) return rejected(transaction, policy, outcome);
  passOn(run, action);
  return undefined;
}

/** The identity, or why there is none. */
async function identify(
  transaction: Transaction,
  policy: AaaPolicyPlan,
): Promise<Identity | string> {
  const given = basicCredentials(transaction.request.headers.get("authorization"));
  if (given === undefined) return "no basic credentials";
  const { users } = await readAaaFile(policy.users.file);
  const user = users.find(
    ({ username, password }) => same(username, given.username) && same(password, given.password),
  );
  if (user === undefined) return `${given.username} is not authenticated`;
  const mapped =
    policy.mapping === undefined
      ? user.credential
      : (await readAaaFile(policy.mapping.file)).mappings.find(({ from }) => from(user.credential))
          ?.to;
  const identity = { username: given.username, credential: mapped ?? user.credential };
  if (policy.authorization === undefined) return identity;
  const resource = policy.resource.map((part) => resourceOf(transaction, part)).join("+");
  const { rights } = await readAaaFile(policy.authorization.file);
  const right = rights.find(
    (each) => each.credential(identity.credential) && each.resource(resource),
  );
  return right?.allows === true
    ? identity
    : `${identity.username} is not authorized for ${resource}`;
}

/** RFC 7617: `Basic` and the base64 of `user:password`. */
function basicCredentials(
  header: string | undefined,
): { username: string; password: string } | undefined {
  const encoded = /^basic +([a-z0-9+/=]+)$/i.exec(header?.trim() ?? "")?.[1];
  const text = encoded === undefined ? "" : Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 0) return undefined;
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function resourceOf(transaction: Transaction, part: ResourcePart): string {
  switch (part) {
    case "http-method":
      return transaction.method;
    case "original-url":
      return transaction.url;
    case "request-uri":
      return transaction.uri;
  }
}

/** Equality in a time that does not tell where the texts differ. */
function same(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

function rejected(transaction: Transaction, policy: AaaPolicyPlan, detail: string): Failure {
  const realm = policy.realm.replaceAll(/["\\]/g, "\\$&");
  return {
    code: failureCodes.notAuthorized,
    subcode: failureCodes.notAuthorized,
    message: rejection,
    side: sideOf(transaction),
    status: 401,
    headers: [["WWW-Authenticate", `Basic realm="${realm}"`]],
    detail: `aaapolicy ${policy.name}: ${detail}`,
  };
}
