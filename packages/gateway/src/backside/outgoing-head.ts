import { isConnectionHeader } from "../answer/answer.ts";
import type { Skip } from "../http/headers.ts";
import { arrivingLines, replacedNames } from "../message/arriving-headers.ts";
import type { Transaction } from "../message/transaction.ts";
import type { ServicePlan } from "../plan/service-plan.ts";
import type { Hop } from "./routes.ts";

const requestLineEnd = { "1.0": " HTTP/1.0\r\n", "1.1": " HTTP/1.1\r\n" } as const;

/** Makes the heads of requests of one service; most of their text is the same again and again. */
export class OutgoingHeads {
  readonly #plan: ServicePlan;
  /** What the gateway adds to headers as they came. */
  readonly #arriving: (transaction: Transaction) => string;
  readonly #skips: readonly Skip[];
  /** Lines of `inject back`. */
  readonly #injected: string;
  /** Names in lower case that `inject back` and `suppress back` govern. */
  readonly #edited: ReadonlySet<string>;
  /** True to tell whoever is on the way not to change what comes back. */
  readonly #transformable: boolean;
  /** The line that says what becomes of the connection. */
  readonly #connection: string;
  #lastEnd = { authority: "", noTransform: false, connection: "", text: "" };

  constructor(plan: ServicePlan, via: string) {
    this.#plan = plan;
    this.#arriving = arrivingLines(plan, via);
    const edits = plan.headerEdits.filter(({ side }) => side === "back");
    const injected = new Map<string, string>();
    for (const { name, value } of edits) {
      if (value === undefined) injected.delete(name.toLowerCase());
      else injected.set(name.toLowerCase(), `${name}: ${value}\r\n`);
    }
    this.#edited = new Set(edits.map(({ name }) => name.toLowerCase()));
    this.#injected = [...injected.values()].join("");
    this.#transformable = !plan.allowCacheControl && !this.#edited.has("cache-control");
    this.#connection = `Connection: ${plan.backPersistent ? "Keep-Alive" : "close"}\r\n`;
    this.#skips = [0, 1, 2, 3, 4, 5, 6, 7].map((variant) => this.#skipOf(variant));
  }

  /** Request line and header lines; `expects` when the backend is to ask for the body. */
  head(transaction: Transaction, hop: Hop, expects: boolean): string {
    return this.#lines(transaction, hop, expects, this.#connection);
  }

  /** The same for a request that asks for another protocol. */
  upgradeHead(transaction: Transaction, hop: Hop, protocol: string): string {
    const connection = `Connection: Upgrade\r\nUpgrade: ${protocol}\r\n`;
    return this.#lines(transaction, hop, false, connection);
  }

  #lines(transaction: Transaction, hop: Hop, expects: boolean, connection: string): string {
    const { method, request, hasCurrent } = transaction;
    const noTransform = this.#addsNoTransform(method);
    const usual = this.#skips[(noTransform ? 1 : 0) + (expects ? 2 : 0) + (hasCurrent ? 4 : 0)]!;
    const skip = hop.extra.length === 0 ? usual : withExtra(usual, hop);
    const headers = hasCurrent ? transaction.current : request.headers;
    const arriving = hasCurrent ? "" : this.#arriving(transaction);
    const given = noTransform ? headers.get("cache-control") : undefined;
    const end =
      given === undefined && hop.extra.length === 0
        ? this.#usualEnd(hop.authority, noTransform, connection)
        : this.#end(hop, noTransform, given, connection);
    return `${method} ${hop.requestTarget}${requestLineEnd[hop.version]}${headers.lines(skip)}${arriving}${end}`;
  }

  /** As `#end`, for what requests to one backend mostly have in common. */
  #usualEnd(authority: string, noTransform: boolean, connection: string): string {
    const last = this.#lastEnd;
    const known =
      last.authority === authority &&
      last.noTransform === noTransform &&
      last.connection === connection;
    if (known) return last.text;
    const text = this.#end({ authority, extra: [] }, noTransform, undefined, connection);
    this.#lastEnd = { authority, noTransform, connection, text };
    return text;
  }

  /** The lines after those of the message. */
  #end(
    { authority, extra }: Pick<Hop, "authority" | "extra">,
    noTransform: boolean,
    given: string | undefined,
    connection: string,
  ): string {
    const lines: string[] = [];
    if (this.#plan.hostRewriting && !this.#edited.has("host")) lines.push(`Host: ${authority}\r\n`);
    if (noTransform) {
      lines.push(`Cache-Control: ${given === undefined ? "" : `${given}, `}no-transform\r\n`);
    }
    for (const [name, value] of extra) lines.push(`${name}: ${value}\r\n`);
    return [...lines, this.#injected, connection].join("");
  }

  #addsNoTransform(method: string): boolean {
    return method === "GET" && this.#transformable;
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
