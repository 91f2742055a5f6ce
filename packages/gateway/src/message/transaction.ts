import { Headers } from "../http/headers.ts";
import { JsonRefused } from "../json/parse-json.ts";
import type { ActionPlan } from "../plan/actions/action-plan.ts";
import type { MatchSubject } from "../plan/matching.ts";
import type { RulePlan, ServicePlan } from "../plan/service-plan.ts";
import { XmlRefused } from "../xml/refusal.ts";
import { truthOf, type XPath } from "../xml/xpath.ts";
import type { Failure } from "./failure.ts";
import { globalId } from "./global-id.ts";
import { ParsedContents } from "./parsed-contents.ts";
import { ShortMap } from "./short-map.ts";

/** How the bytes of a context came about; decides the content type where nothing else does. */
export type ContentForm = "message" | "object" | "string" | "bytes" | "xml";

/** What a context holds. */
export interface Content {
  readonly bytes: Uint8Array;
  /** The bytes as latin1, where that is at hand without `bytes`. */
  readonly text?: string;
  readonly form: ContentForm;
}

export const emptyContent: Content = { bytes: new Uint8Array(0), form: "message" };

/** A client that has been authenticated. */
export interface Identity {
  readonly username: string;
  /** What the username became: by authentication, then by mapping. */
  readonly credential: string;
}

/** A request as a front side handler hands it over. */
export interface IncomingRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly uri: string;
  readonly httpVersion: string;
  readonly scheme: "http" | "https";
  /** Present when the client asks for this protocol and may have it. */
  readonly upgrade?: "websocket" | undefined;
  readonly headers: Headers;
  /** `ip:port` of the client and of the listener. */
  readonly client: string;
  readonly local: string;
  /** Called when the client goes away before its answer; set by who waits for a backend. */
  onGone?: (() => void) | undefined;
  /** The connection, where it lasts longer than one message. */
  readonly connection?: { note: string; readonly requests: number };
}

/** The context that shows a JSON message as XML. */
const jsonxContext = "__JSONASJSONX";

let lastId = 0;
const offValues: ReadonlySet<string> = new Set(["", "0", "false", "off"]);

/** One message through one service: contexts, variables and headers of all its rules. */
export class Transaction implements MatchSubject, Disposable {
  readonly #id = ++lastId;
  readonly plan: ServicePlan;
  readonly request: IncomingRequest;
  readonly startedAt = Date.now();
  uri: string;
  method: string;
  /** Headers of the message as it came: of the request, then of the backend's answer. */
  original: Headers;
  /** What the backend answered; undefined before it did. */
  received: { readonly status: number; readonly reason: string } | undefined;
  answerStatus: number | undefined;
  answerReason: string | undefined;
  side: "request" | "response" | "error" = "request";
  readonly contexts = new ShortMap<Content>();
  /** What policies have written to `var://service/…`. */
  readonly service = new ShortMap<unknown>();
  pipe: Content = emptyContent;
  rule: RulePlan | undefined;
  /** The action that was started last. */
  action: ActionPlan | undefined;
  /** How many rules are inside each other. */
  callDepth = 0;
  failure: Failure | undefined;
  /** Who the client is, once an aaa action has found out. */
  identity: Identity | undefined;
  /** Bytes of the backend's answer; undefined before it came. */
  responseSize: number | undefined;
  /** When the message went to the backend, and when its answer was there. */
  forwardedAt: number | undefined;
  respondedAt: number | undefined;
  urlOut = "";
  /** What most messages never ask for is made when it is asked for. */
  readonly #arriving: (transaction: Transaction) => Headers;
  #globalId: string | undefined;
  #current: Headers | undefined;
  #answer: Headers | undefined;
  #variables: Map<string, unknown> | undefined;
  #parameters: Map<string, string> | undefined;
  #endings: (() => void)[] | undefined;
  #documents: ParsedContents | undefined;

  /** `arriving` gives the headers with which the request goes into its service. */
  constructor(
    plan: ServicePlan,
    request: IncomingRequest,
    arriving: (transaction: Transaction) => Headers = () => request.headers.copy(),
  ) {
    this.plan = plan;
    this.#arriving = arriving;
    this.request = request;
    this.uri = request.uri;
    this.method = request.method;
    this.original = request.headers;
  }

  get id(): string {
    return String(this.#id);
  }

  get globalId(): string {
    this.#globalId ??= globalId();
    return this.#globalId;
  }

  /** Headers of the message as it will go on. */
  get current(): Headers {
    this.#current ??= this.#arriving(this);
    return this.#current;
  }

  set current(headers: Headers) {
    this.#current = headers;
  }

  /** True once anything has looked at the headers of the message, and may have changed them. */
  get hasCurrent(): boolean {
    return this.#current !== undefined;
  }

  /** Headers that policies put on the answer to the client, whatever is in `current`. */
  get answer(): Headers {
    this.#answer ??= new Headers();
    return this.#answer;
  }

  get hasAnswer(): boolean {
    return this.#answer !== undefined;
  }

  get variables(): Map<string, unknown> {
    this.#variables ??= new Map();
    return this.#variables;
  }

  /** Stylesheet parameters: those of the service, and what policies have made of them. */
  get parameters(): ReadonlyMap<string, string> {
    return this.#parameters ?? this.plan.parameters;
  }

  /** Sets a parameter for the rest of this transaction; undefined takes it away. */
  setParameter(name: string, value: string | undefined): void {
    this.#parameters ??= new Map(this.plan.parameters);
    if (value === undefined) this.#parameters.delete(name);
    else this.#parameters.set(name, value);
  }

  /** What contents are as XML and JSON; disposed of when the transaction ends. */
  get documents(): ParsedContents {
    this.#documents ??= new ParsedContents(this.plan);
    return this.#documents;
  }

  /** Frees what lies outside of the heap. */
  [Symbol.dispose](): void {
    this.#documents?.[Symbol.dispose]();
  }

  get url(): string {
    return `${this.request.scheme}://${this.request.local}${this.uri}`;
  }

  get errorCode(): string {
    return String(this.service.get("error-code") ?? this.failure?.code ?? "");
  }

  header(name: string): string | undefined {
    return this.current.get(name);
  }

  selects(xpath: XPath): boolean {
    const input = this.contexts.get("INPUT");
    if (input === undefined || input.bytes.length === 0) return false;
    try {
      return truthOf(xpath.evaluate(this.documents.tree(input)));
    } catch (error) {
      if (error instanceof XmlRefused) return false;
      throw error;
    }
  }

  get skipsBackside(): boolean {
    const value = this.service.get("mpgw/skip-backside");
    return value !== undefined && !offValues.has(String(value));
  }

  /** Has `ending` called when the answer of this transaction stands. */
  atEnd(ending: () => void): void {
    this.#endings ??= [];
    this.#endings.push(ending);
  }

  end(): void {
    for (const ending of this.#endings ?? []) ending();
    this.#endings = undefined;
  }

  /** True when failing answers of the backend go to the client as they are. */
  get proxiesErrors(): boolean {
    const value = this.service.get("mpgw/proxy-http-response");
    return value === undefined ? this.plan.proxyHttpResponse : !offValues.has(String(value));
  }

  /** What a context holds; undefined when there is none of this name. */
  read(context: string): Content | undefined {
    if (context === "NULL") return emptyContent;
    if (context === "PIPE") return this.pipe;
    if (context === jsonxContext) return this.#jsonx();
    return this.contexts.get(context);
  }

  /** The JSON of INPUT as JSONx; undefined where it is no JSON. */
  #jsonx(): Content | undefined {
    const input = this.contexts.get("INPUT");
    if (input === undefined) return undefined;
    try {
      return this.documents.jsonx(input);
    } catch (error) {
      if (error instanceof JsonRefused) return undefined;
      throw error;
    }
  }

  /** True for a context that was written, or of which a variable was set. */
  hasContext(name: string): boolean {
    if (this.contexts.has(name)) return true;
    for (const key of this.#variables?.keys() ?? []) if (key.startsWith(`${name}/`)) return true;
    return false;
  }

  write(context: string, content: Content): void {
    if (context === "NULL" || context === "INPUT" || context === jsonxContext) return;
    if (context === "PIPE") this.pipe = content;
    else this.contexts.set(context, content);
  }
}
