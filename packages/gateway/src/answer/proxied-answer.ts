import type { Readable } from "node:stream";
import type { BackendAnswer } from "../backside/exchange.ts";
import { Headers } from "../http/headers.ts";
import type { Transaction } from "../message/transaction.ts";
import { type Answer, isConnectionHeader, statusOf } from "./answer.ts";

/** The answer of a backend on its way to the client. Its headers are made only for who asks. */
export class ProxiedAnswer implements Answer {
  readonly status: number;
  readonly reason: string;
  readonly text: string | undefined;
  readonly close = false;
  readonly #transaction: Transaction;
  readonly #backside: string;
  readonly #given: BackendAnswer;
  readonly #body: Uint8Array | Readable | undefined;
  #headers: Headers | undefined;

  /** `body` takes the place of the answer's own. */
  constructor(transaction: Transaction, answer: BackendAnswer, body?: Uint8Array | Readable) {
    const { status, reason } = statusOf(transaction, answer.status, answer.reason);
    this.status = status;
    this.reason = reason;
    this.text = body === undefined ? answer.text : undefined;
    this.#given = answer;
    this.#body = body;
    this.#transaction = transaction;
    this.#backside = answer.status < 400 ? "OK OK" : "FAIL FAIL";
  }

  get body(): Uint8Array | Readable {
    return this.#body ?? this.#given.body;
  }

  get headers(): Headers {
    this.#headers ??= this.#makeHeaders();
    return this.#headers;
  }

  /** The header lines, from the text that answers with the same headers have in common. */
  get lines(): string {
    const { current, hasAnswer, plan, globalId } = this.#transaction;
    const label = plan.transactionIdLabel;
    const plain = this.#headers === undefined && !hasAnswer && current.lacks(addedUnder(label));
    if (!plain) return this.headers.lines();
    const given = current.lines(skipHop);
    const known = lastLines;
    const same = known.given === given && known.label === label;
    if (!same || known.backside !== this.#backside)
      lastLines = linesOf(this.#backside, given, label);
    return label === "" ? lastLines.text : `${lastLines.text}${globalId}\r\n`;
  }

  #makeHeaders(): Headers {
    const { current, hasAnswer, answer, plan, globalId } = this.#transaction;
    // gateways one behind another each add what they have seen (recorded)
    const seen = [...current.values(backsideTransport), this.#backside].join(",");
    const raw = ["X-Backside-Transport", seen];
    for (const [name, values] of current) {
      if (skipHop(name.toLowerCase())) continue;
      for (const value of values) raw.push(name, value);
    }
    const headers = Headers.fromRaw(raw);
    if (hasAnswer) {
      for (const [name, values] of answer) {
        if (!isConnectionHeader(name)) headers.set(name, values);
      }
    }
    const label = plan.transactionIdLabel;
    if (label !== "") headers.set(label, [globalId]);
    return headers;
  }
}

const backsideTransport = "x-backside-transport";

let lastLines = linesOf("", "", "");

/** What the header lines of answers with the same headers begin with: all but the identity. */
function linesOf(
  backside: string,
  given: string,
  label: string,
): Record<"backside" | "given" | "label" | "text", string> {
  const id = label === "" ? [] : [label, ": "];
  const text = ["X-Backside-Transport: ", backside, "\r\n", given, ...id].join("");
  return { backside, given, label, text };
}

let added: { readonly label: string; readonly names: readonly string[] } | undefined;

/** Names, in lower case, of what an answer gets on its way: one list while the label is the same. */
function addedUnder(label: string): readonly string[] {
  if (added?.label !== label) {
    const id = label === "" ? [] : [label.toLowerCase()];
    added = { label, names: [backsideTransport, ...id] };
  }
  return added.names;
}

/** Headers of the backend's own connection, and what this gateway says itself. */
function skipHop(key: string): boolean {
  return key === backsideTransport || isConnectionHeader(key);
}
