import type { Headers } from "../http/headers.ts";
import type { ServicePlan } from "../plan/service-plan.ts";
import type { Transaction } from "./transaction.ts";

const colon = 58;

/** The client's headers with what scripts and backends see added; `via` is this gateway's entry. */
export function arrivingHeaders(plan: ServicePlan, via: string, transaction: Transaction): Headers {
  const headers = transaction.request.headers.copy();
  headers.append("Via", via);
  for (const [name, value] of addedTo(plan, transaction)) headers.set(name, [value]);
  return headers;
}

/** What `arrivingHeaders` adds, as lines with CRLF. */
export function arrivingLines(
  { clientIpLabel, transactionIdLabel }: ServicePlan,
  via: string,
): (transaction: Transaction) => string {
  const before = `Via: ${via}\r\n`;
  const ip = `${before}${clientIpLabel}: `;
  const id = `${transactionIdLabel}: `;
  if (clientIpLabel === "") {
    if (transactionIdLabel === "") return () => before;
    return ({ globalId }) => `${before}${id}${globalId}\r\n`;
  }
  if (transactionIdLabel === "") return ({ request }) => `${ip}${ipOf(request.client)}\r\n`;
  let last = { address: "", text: "" };
  return ({ request, globalId }) => {
    const address = ipOf(request.client);
    // clients mostly come from a few addresses
    if (last.text === "" || last.address !== address) {
      last = { address, text: [ip, address, "\r\n", id].join("") };
    }
    return `${last.text}${globalId}\r\n`;
  };
}

/** The client's own headers of these names, in lower case, give way to those of the gateway. */
export function replacedNames({ clientIpLabel, transactionIdLabel }: ServicePlan): string[] {
  return [clientIpLabel, transactionIdLabel]
    .filter((name) => name !== "")
    .map((name) => name.toLowerCase());
}

function addedTo(
  { clientIpLabel, transactionIdLabel }: ServicePlan,
  { request, globalId }: Transaction,
): readonly (readonly [string, string])[] {
  const added: [string, string][] = [];
  if (clientIpLabel !== "") added.push([clientIpLabel, ipOf(request.client)]);
  if (transactionIdLabel !== "") added.push([transactionIdLabel, globalId]);
  return added;
}

/** The address of `ip:port`. */
function ipOf(client: string): string {
  let end = client.length - 1;
  while (end > 0 && client.charCodeAt(end) !== colon) end--;
  return client.slice(0, Math.max(end, 0));
}
