import { Headers } from "../http/headers.ts";
import type { AgentPlan } from "../plan/backside/agent-plan.ts";
import type { SecurePlan } from "../plan/backside/secure-plan.ts";
import type { ServicePlan } from "../plan/service-plan.ts";
import type { UrlRequest } from "../script/script-host.ts";
import type { Balancers } from "./balancers.ts";
import { type BackendAnswer, discard } from "./exchange.ts";
import { HttpClient } from "./http-client.ts";
import { MemberAttempts } from "./member-attempts.ts";
import { NameResolver } from "./name-resolver.ts";
import type { Network } from "./open-socket.ts";
import type { OutgoingRequest } from "./request-pump.ts";
import { type Hop, Routes } from "./routes.ts";
import { standInPlan } from "./stand-in-plan.ts";
import { type Target, targetOfUrl, urlOfTarget } from "./target.ts";
import { type UrlAnswer, UrlBody } from "./url-answer.ts";

/** How long a connection of scripts is kept without a request, in milliseconds. */
const mostIdle = 30_000;
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const framingNames: ReadonlySet<string> = new Set([
  "content-length",
  "transfer-encoding",
  "connection",
]);

/** Sends requests of scripts and actions of one service, by the policies of its user agent. */
export class UrlClient {
  readonly #plan: ServicePlan;
  readonly #client: HttpClient;
  readonly #balancers: Pick<Balancers, "find">;

  constructor(plan: ServicePlan, network: Network, balancers: Pick<Balancers, "find">) {
    this.#plan = standInPlan(plan, network);
    this.#balancers = balancers;
    const names = new NameResolver(plan.backside.names);
    this.#client = new HttpClient({ network: { ...network, names }, persistent: true, mostIdle });
  }

  close(): void {
    this.#client.close();
  }

  /**
   * The answer as soon as its head is there; rejects with why there is none. What the request gives
   * as its time-out is also the time until all of the answer must be there.
   */
  async open(request: UrlRequest): Promise<UrlAnswer> {
    const began = performance.now();
    const agent = this.#agentOf(request);
    const secure = this.#secureOf(request);
    const first = URL.canParse(request.target) ? targetOfUrl(new URL(request.target)) : undefined;
    if (first === undefined) throw new Error("only http, https and files are served");
    if (!token.test(request.method)) throw new Error(`${request.method} is no method`);
    const follows = request.agent?.followRedirect === true && /^(?:GET|HEAD)$/.test(request.method);
    let target: Target = first;
    for (let followed = 0; ; followed++) {
      const answer = await this.#send(request, target, agent, secure);
      const next: Target | undefined = follows ? redirectOf(answer, target) : undefined;
      if (next === undefined || followed >= agent.mostRedirects) {
        const left = request.timeout && Math.max(1, began + request.timeout - performance.now());
        return opened(answer, left);
      }
      discard(answer.body);
      target = next;
    }
  }

  async #send(
    request: UrlRequest,
    target: Target,
    agent: AgentPlan,
    secure: SecurePlan | undefined,
  ): Promise<BackendAnswer> {
    const balancer = this.#balancers.find(this.#plan, target.host);
    const routes = new Routes({ ...this.#plan.backside, agent });
    if (balancer === undefined) return this.#once(request, hopOf(routes, target, secure), agent);
    const repeats = request.method === "GET" || request.method === "HEAD";
    const attempts = new MemberAttempts(balancer, repeats);
    let problem: unknown = new Error(`no member of group ${balancer.plan.name} is up`);
    for (;;) {
      const member = attempts.next({ hashed: "" });
      if (member === undefined) throw problem;
      try {
        const hop = hopOf(routes, target, secure, { balancer, member });
        return await this.#once(request, hop, agent);
      } catch (error) {
        problem = error;
        attempts.failed(member, error);
      }
    }
  }

  #once(request: UrlRequest, hop: Hop, agent: AgentPlan): Promise<BackendAnswer> {
    const { method, data } = request;
    const body = bytesOf(data);
    const bare = body.length === 0 && /^(?:GET|HEAD|DELETE)$/.test(method);
    const outgoing: OutgoingRequest = {
      method,
      head: `${method} ${hop.requestTarget} HTTP/${hop.version}\r\n${headerLines(request, hop, agent)}`,
      body,
      framing: bare
        ? "none"
        : hop.chunked === true && hop.version === "1.1"
          ? "chunked"
          : body.length,
      awaitsContinue: false,
      timeout: request.timeout || agent.timeout,
    };
    return new Promise((resolve, reject) => {
      this.#client.send(hop.destination, outgoing, { answered: resolve, failed: reject });
    });
  }

  #agentOf({ agent }: UrlRequest): AgentPlan {
    const name = agent?.name ?? "";
    if (name === "") return this.#plan.backside.agent;
    const named = this.#plan.backside.agentNamed(name);
    if (typeof named === "string") throw new Error(named);
    return named;
  }

  #secureOf({ sslClientProfile = "", sslProxyProfile = "" }: UrlRequest): SecurePlan | undefined {
    const name =
      sslClientProfile !== ""
        ? `client:${sslClientProfile}`
        : sslProxyProfile !== ""
          ? `proxy:${sslProxyProfile}`
          : "";
    if (name === "") return undefined;
    const plan = this.#plan.backside.secureNamed(name);
    if (typeof plan === "string") throw new Error(plan);
    return plan;
  }
}

/** Data of a script as bytes of this realm: those of another one are no Uint8Array here. */
function bytesOf(data: UrlRequest["data"]): Buffer {
  if (typeof data === "string") return Buffer.from(data);
  if (data === undefined) return Buffer.alloc(0);
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

function hopOf(routes: Routes, ...way: Parameters<Routes["hopTo"]>): Hop {
  const hop = routes.hopTo(...way);
  if (typeof hop === "string") throw new Error(hop);
  return hop;
}

function headerLines(request: UrlRequest, hop: Hop, agent: AgentPlan): string {
  const headers = Headers.of("Host", hop.authority);
  for (const [name, given] of Object.entries(request.headers)) {
    if (framingNames.has(name.toLowerCase())) continue;
    headers.set(name, typeof given === "string" ? [given] : given.map(String));
  }
  if (agent.identifier !== "" && headers.get("user-agent") === undefined) {
    headers.set("User-Agent", [agent.identifier]);
  }
  for (const [name, value] of hop.extra) headers.set(name, [value]);
  return `${headers.lines()}Connection: Keep-Alive\r\n`;
}

function redirectOf({ status, headers }: BackendAnswer, from: Target): Target | undefined {
  if (![301, 302, 303, 307, 308].includes(status)) return undefined;
  const location = headers.get("location") ?? "";
  const base = urlOfTarget(from);
  return URL.canParse(location, base) ? targetOfUrl(new URL(location, base)) : undefined;
}

function opened({ status, reason, headers, body }: BackendAnswer, timeout: number): UrlAnswer {
  return {
    statusCode: status,
    reasonPhrase: reason,
    headers: [...headers].map(([name, values]) => [name.toLowerCase(), values]),
    body: new UrlBody(body, timeout),
  };
}
