import { hostname } from "node:os";
import type { Transaction } from "./transaction.ts";

/** What a service variable holds now: what was written to it, else what is known. */
export function readService(transaction: Transaction, name: string): unknown {
  const written = transaction.service.get(name);
  if (written !== undefined) return written;
  const read = readers[name];
  return read?.(transaction);
}

const readers: Readonly<Record<string, (transaction: Transaction) => unknown>> = {
  URI: ({ uri }) => uri,
  "URL-in": ({ request }) => `${request.scheme}://${request.local}${request.uri}`,
  "URL-out": ({ urlOut }) => urlOut,
  "client-service-address": ({ request }) => request.client,
  "connection/note": ({ request }) => request.connection?.note ?? "",
  "current-call-depth": ({ callDepth }) => callDepth,
  "default-stylesheet": ({ plan }) => plan.defaultStylesheet,
  "domain-name": ({ plan }) => plan.domain,
  "error-code": ({ failure }) => failure?.code ?? "0x00000000",
  "error-headers": () => "",
  "error-ignore": () => 0,
  "error-message": ({ failure }) => failure?.message ?? "",
  "error-protocol-reason-phrase": ({ answerReason }) => answerReason ?? "",
  "error-protocol-response": ({ answerStatus }) => answerStatus ?? "",
  "error-subcode": ({ failure }) => failure?.subcode ?? "0x00000000",
  "formatted-error-message": formattedMessage,
  "global-transaction-id": ({ globalId }) => globalId,
  "input-size": inputSize,
  "lb/group": () => "",
  "lb/member": () => "",
  "local-service-address": ({ request }) => request.local,
  "log/soapversion": () => "1.1",
  "max-action-depth": () => 128,
  "max-call-depth": () => 128,
  "memory-used": memoryUsed,
  "mpgw/backend-timeout": ({ plan }) => plan.backTimeout / 1000,
  "mpgw/proxy-http-response": ({ plan }) => plan.proxyHttpResponse,
  "mpgw/request-size": inputSize,
  "mpgw/response-size": ({ responseSize }) => responseSize ?? 0,
  "multistep/contexts": ({ contexts }) => Array.from(contexts, ([name]) => name).join(" "),
  "multistep/input-context-name": ({ action }) => action?.input ?? "",
  "multistep/loop-count": () => 0,
  "multistep/loop-iterator": () => "",
  "multistep/output-context-name": ({ action }) => action?.output ?? "",
  "original-content-type": ({ request }) => request.headers.get("content-type") ?? "",
  "original-response-content-type": ({ side, original, request }) =>
    side === "request" || original === request.headers ? "" : (original.get("content-type") ?? ""),
  "persistent-connection-counter": ({ request }) => request.connection?.requests ?? 1,
  "preserve-mime-encapsulation": () => false,
  "processor-name": ({ plan }) => plan.name,
  "processor-type": ({ plan }) =>
    plan.kind === "XMLFirewallService" ? "XML Firewall" : "Multi-Protocol Gateway",
  protocol: ({ request }) => request.scheme,
  "protocol-method": ({ method }) => method,
  "qos/priority": () => "normal",
  "rewrite-errors": () => true,
  "soap-fault-response": () => false,
  "strict-error-mode": () => false,
  "system/ident": () => hostname(),
  "time-elapsed": ({ startedAt }) => Date.now() - startedAt,
  "time-forwarded": ({ startedAt, forwardedAt }) => since(startedAt, forwardedAt),
  "time-response-complete": ({ startedAt, respondedAt }) => since(startedAt, respondedAt),
  "time-started": ({ startedAt }) => startedAt,
  "transaction-client": ({ request }) => request.client.replace(/:\d+$/, ""),
  "transaction-id": ({ id }) => Number(id),
  "transaction-policy-name": ({ plan }) => plan.policyName,
  "transaction-rule-name": ({ rule }) => rule?.name ?? "",
  "transaction-rule-type": ({ side }) => side,
  "xmlmgr-name": ({ plan }) => plan.xmlManager,
};

/** The error as the log and the default answer word it. */
function formattedMessage({ failure }: Transaction): string {
  return failure === undefined ? "" : `${failure.message} (from ${failure.side})`;
}

function inputSize({ contexts }: Transaction): number {
  return contexts.get("INPUT")?.bytes.length ?? 0;
}

/** Bytes that the contexts of the transaction hold. */
function memoryUsed({ contexts }: Transaction): number {
  let bytes = 0;
  for (const [, content] of contexts) bytes += content.bytes.length;
  return bytes;
}

/** Milliseconds from the start; 0 for what has not happened. */
function since(startedAt: number, at: number | undefined): number {
  return at === undefined ? 0 : at - startedAt;
}
