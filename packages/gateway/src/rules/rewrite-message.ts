import { posix } from "node:path";
import type { Headers } from "../http/headers.ts";
import type { Transaction } from "../message/transaction.ts";
import type { RewriteRule, UrlRewritePlan } from "../plan/rewrite-rule.ts";

/** Applies a urlrewrite policy to the message as it is now; of a response only its headers. */
export function rewriteMessage(transaction: Transaction, policy: UrlRewritePlan): void {
  const side = transaction.side === "request" ? "request" : "response";
  if (policy.direction !== "all" && policy.direction !== side) return;
  for (const rule of policy.rules) applyRule(transaction, rule);
}

function applyRule(transaction: Transaction, rule: RewriteRule): void {
  switch (rule.type) {
    case "absolute-rewrite":
      if (transaction.side === "request") transaction.uri = rewrite(rule, transaction.uri);
      break;
    case "content-type":
      rewriteHeader(transaction.current, rule, "Content-Type");
      break;
    case "header-rewrite":
      rewriteHeader(transaction.current, rule, rule.header);
      break;
    case "post-body": {
      const input = transaction.contexts.get("INPUT");
      if (transaction.side !== "request" || input === undefined) break;
      const text = Buffer.from(input.bytes).toString("utf8");
      const changed = rewrite(rule, text);
      if (changed !== text) {
        transaction.contexts.set("INPUT", { bytes: Buffer.from(changed), form: "message" });
      }
      break;
    }
  }
}

function rewriteHeader(headers: Headers, rule: RewriteRule, name: string): void {
  const values = headers.values(name);
  const changed = values.map((value) => rewrite(rule, value));
  if (changed.some((value, at) => value !== values[at])) headers.set(name, changed);
}

/** The whole text is replaced where the pattern is found in it. */
function rewrite(rule: RewriteRule, text: string): string {
  const found = rule.pattern.exec(text);
  if (found === null || rule.replacement === undefined) return text;
  const made = rule.replacement.replaceAll(
    /[$\\](\d)/g,
    (_, group: string) => found[Number(group)] ?? "",
  );
  const plain = rule.unescape ? unescaped(made) : made;
  return rule.normalize ? normalized(plain) : plain;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** RFC 3986, 6.2.2: dot segments go, escapes of unreserved characters too. */
function normalized(uri: string): string {
  const [path = "", ...query] = uri.split("?");
  const plain = path.replaceAll(/%([0-9a-f]{2})/gi, (coded, digits: string) => {
    const character = String.fromCharCode(Number.parseInt(digits, 16));
    return /[\w.~-]/.test(character) ? character : coded.toUpperCase();
  });
  return [posix.normalize(plain), ...query].join("?");
}
