import type { Answer } from "../answer/answer.ts";
import type { AccessFormat } from "../environment.ts";
import type { Transaction } from "../message/transaction.ts";

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/**
 * One line for a message whose answer stands: the common or combined format of Apache's httpd, or
 * one JSON object. The length of an answer that is passed through is not known: `-`.
 */
export function accessLine(
  format: Exclude<AccessFormat, "off">,
  transaction: Transaction,
  answer: Pick<Answer, "status" | "body" | "text">,
  milliseconds: number,
  now: Date,
): string {
  const { request, plan } = transaction;
  const { method, uri, httpVersion, headers } = request;
  const client = request.client.replace(/:\d+$/, "");
  const whole = answer.text ?? answer.body;
  const bytes = typeof whole === "string" || whole instanceof Uint8Array ? whole.length : undefined;
  if (format === "json") {
    return JSON.stringify({
      time: now.toISOString(),
      client,
      method,
      uri,
      protocol: `HTTP/${httpVersion}`,
      status: answer.status,
      bytes,
      milliseconds: Math.round(milliseconds * 1000) / 1000,
      domain: plan.domain,
      service: plan.name,
      referer: headers.get("referer"),
      agent: headers.get("user-agent"),
      tid: transaction.id,
      gtid: transaction.globalId,
    });
  }
  const line = `${client} - - [${clfTime(now)}] "${quoted(`${method} ${uri} HTTP/${httpVersion}`)}" ${answer.status} ${bytes ?? "-"}`;
  if (format === "common") return line;
  const [referer, agent] = ["referer", "user-agent"].map((name) =>
    quoted(headers.get(name) ?? "-"),
  );
  return `${line} "${referer}" "${agent}"`;
}

/** `24/Nov/2026:13:25:51 +0000`. */
function clfTime(at: Date): string {
  const [date = "", time = ""] = at.toISOString().split("T");
  const [year, month, day] = date.split("-");
  return `${day}/${months[Number(month) - 1]}/${year}:${time.slice(0, 8)} +0000`;
}

/** As httpd writes it: quotes, backslashes and control characters escaped. */
function quoted(text: string): string {
  return text.replaceAll(/["\\\p{Cc}]/gu, (character) =>
    character === '"' || character === "\\"
      ? `\\${character}`
      : `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
