import { isConnectionHeader } from "../answer/answer.ts";
import type { Skip } from "../http/headers.ts";
import { arrivingLines, replacedNames } from "../message/arriving-headers.ts";
import type { Transaction } from "../message/transaction.ts";
import type { ServicePlan } from "../plan/service-plan.ts";
import type { Hop } from "./routes.ts";

/** Makes the heads of requests of one service; most of their text is the same again and again. */
export class OutgoingHeads {
  readonly #plan: ServicePlan;
  readonly #via: string;
  readonly #skips: readonly Skip[];
  /** Lines of `inject back`. */
  readonly #injected: string;
  /** Names in lower case that `inject back` and `suppress back` govern. */
  readonly #edited: ReadonlySet<string>;

  constructor(plan: ServicePlan, via: string) {
    this.#plan = plan;
    this.#via = via;
    const edits = plan.headerEdits.filter(({ side }) => side === "back");
    const injected = new Map<string, string>();
    for (const { name, value } of edits) {
      if (value === undefined) injected.delete(name.toLowerCase());
      else injected.set(name.toLowerCase(), `${name}: ${value}\r\n`);
    }
    this.#edited = new Set(edits.map(({ name }) => name.toLowerCase()));
    this.#injected = [...injected.values()].join("");
    this.#skips = [0, 1, 2, 3, 4, 5, 6, 7].map((variant) => this.#skipOf(variant));
  }

  /** Request line and header lines; `expects` when the backend is to ask for the body. */
  head(transaction: Transaction, hop: Hop, expects: boolean): string {
    const connection = this.#plan.backPersistent ? "Keep-Alive" : "close";
    return `${this.#lines(transaction, hop, expects)}Connection: ${connection}\r\n`;
  }

  /** The same for a request that asks for another protocol. */
  upgradeHead(transaction: Transaction, hop: Hop, protocol: string): string {
    return `${this.#lines(transaction, hop, false)}Connection: Upgrade\r\nUpgrade: ${protocol}\r\n`;
  }

  #lines(transaction: Transaction, hop: Hop, expects: boolean): string {
    const { hostRewriting } = this.#plan;
    const { method, request, hasCurrent } = transaction;
    const noTransform = this.#addsNoTransform(method);
    const usual = this.#skips[(noTransform ? 1 : 0) + (expects ? 2 : 0) + (hasCurrent ? 4 : 0)]!;
    const skip = hop.extra.length === 0 ? usual : withExtra(usual, hop);
    const headers = hasCurrent ? transaction.current : request.headers;
    let text = `${method} ${hop.requestTarget} HTTP/${hop.version}\r\n${headers.lines(skip)}`;
    if (!hasCurrent) text += arrivingLines(this.#plan, this.#via, transaction);
    if (hostRewriting && !this.#edited.has("host")) text += `Host: ${hop.authority}\r\n`;
    if (noTransform) {
      const given = headers.get("cache-control");
      text += `Cache-Control: ${given === undefined ? "" : `${given}, `}no-transform\r\n`;
    }
    for (const [name, value] of hop.extra) text += `${name}: ${value}\r\n`;
    return text + this.#injected;
  }

  #addsNoTransform(method: string): boolean {
    const { allowCacheControl } = this.#plan;
    return !allowCacheControl && method === "GET" && !this.#edited.has("cache-control");
  }

  /** Which headers of the message do not go on as they are. */
  #skipOf(variant: number): Skip {
    const names = new Set(this.#edited);
    if (this.#plan.hostRewriting) names.add("host");
    if ((variant & 1) !== 0) names.add("cache-control");
    if ((variant & 2) === 0) names.add("expect");
    if ((variant & 4) === 0) for (const name of replacedNames(this.#plan)) names.add(name);
    return (key) => names.has(key) || isConnectionHeader(key);
  }
}

function withExtra(skip: Skip, { extra }: Hop): Skip {
  const names = new Set(extra.map(([name]) => name.toLowerCase()));
  return (key) => skip(key) || names.has(key);
}
