import type { Readable } from "node:stream";
import { collectBody, TooLarge } from "../http/collect-body.ts";
import type { GroupPlan, HealthCheckPlan } from "../plan/backside/group-plan.ts";
import type { Balancer, Member } from "./balancer.ts";
import { type Destination, destinationOf } from "./destination.ts";
import { type BackendAnswer, discard } from "./exchange.ts";
import { HttpClient } from "./http-client.ts";
import { judgeHealth, judgeJson } from "./judge-health.ts";
import { type Network, openSocket } from "./open-socket.ts";

/** Largest answer to a health check that is looked into, in bytes. */
const largestAnswer = 1_048_576;

/** What happened to a member of a group, for the log. */
export type MemberNews = (group: GroupPlan, text: string) => void;

/** Looks at every member of a group from time to time, each by itself. */
export class HealthChecker {
  readonly #balancer: Balancer;
  readonly #plan: HealthCheckPlan;
  readonly #network: Network;
  readonly #news: MemberNews;
  readonly #client: HttpClient;
  readonly #timers = new Map<Member, NodeJS.Timeout>();
  #closed = false;

  constructor(balancer: Balancer, plan: HealthCheckPlan, network: Network, news: MemberNews) {
    this.#balancer = balancer;
    this.#plan = plan;
    this.#network = network;
    this.#news = news;
    this.#client = new HttpClient({ network, persistent: false, mostIdle: 0 });
    for (const member of balancer.members) if (member.plan.enabled) this.#check(member);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#client.close();
  }

  #check(member: Member): void {
    const judge = (problem: string | undefined): void => {
      if (this.#closed) return;
      this.#note(member, problem);
      const timer = setTimeout(() => this.#check(member), this.#plan.interval);
      this.#timers.set(member, timer.unref());
    };
    if (this.#plan.type === "tcp") this.#connect(member, judge);
    else this.#ask(member, judge);
  }

  #note(member: Member, problem: string | undefined): void {
    const healthy = problem === undefined;
    if (healthy) this.#balancer.succeeded(member);
    if (member.healthy === healthy) return;
    member.healthy = healthy;
    const name = `${member.plan.host}:${member.plan.port}`;
    this.#news(this.#balancer.plan, healthy ? `${name} is up` : `${name} is down: ${problem}`);
  }

  #destination({ plan }: Member): Destination {
    const { secure, port } = this.#plan;
    return destinationOf({ host: plan.host, port: plan.healthPort || port, secure });
  }

  #connect(member: Member, judge: (problem: string | undefined) => void): void {
    const { timeout } = this.#plan;
    openSocket(
      this.#destination(member),
      this.#network,
      timeout,
      () => {},
      (error, socket) => {
        socket?.on("error", () => {});
        socket?.destroy();
        judge(error?.message);
      },
    );
  }

  #ask(member: Member, judge: (problem: string | undefined) => void): void {
    const { uri, method, body, contentType, xpath, properties, timeout } = this.#plan;
    const destination = this.#destination(member);
    const type = contentType === "" ? "" : `Content-Type: ${contentType}\r\n`;
    const host = destination.host.includes(":") ? `[${destination.host}]` : destination.host;
    const path = uri.startsWith("/") ? uri : `/${uri}`;
    let over = false;
    const end = (problem: string | undefined): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      judge(problem);
    };
    const dispatch = this.#client.send(
      destination,
      {
        method,
        head: `${method} ${path} HTTP/1.1\r\nHost: ${host}:${destination.port}\r\n${type}Connection: close\r\n`,
        body: Buffer.from(body),
        framing: body === "" ? "none" : Buffer.byteLength(body),
        awaitsContinue: false,
        timeout,
      },
      {
        answered: (answer) => {
          const problem = problemOf(answer);
          const judge =
            xpath !== undefined
              ? (bytes: Uint8Array) => judgeHealth(bytes, xpath)
              : properties && ((bytes: Uint8Array) => judgeJson(bytes, properties));
          if (problem !== undefined || judge === undefined) {
            discard(answer.body);
            end(problem);
          } else {
            judged(answer.body, judge).then(end, (error: Error) => end(error.message));
          }
        },
        failed: (error) => end(error.message),
      },
    );
    const timer = setTimeout(() => {
      dispatch.giveUp();
      end(`it did not answer within ${timeout / 1000} s`);
    }, timeout);
  }
}

async function judged(
  answer: Uint8Array | Readable,
  judge: (body: Uint8Array) => Promise<string | undefined> | string | undefined,
): Promise<string | undefined> {
  const body = answer instanceof Uint8Array ? answer : await collectBody(answer, largestAnswer);
  if (!(body instanceof TooLarge)) return judge(body);
  discard(answer);
  return body.message;
}

function problemOf({ status }: BackendAnswer): string | undefined {
  return status >= 200 && status < 300 ? undefined : `it answered ${status}`;
}
