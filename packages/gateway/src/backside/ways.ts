import type { Failure } from "../message/failure.ts";
import type { Transaction } from "../message/transaction.ts";
import type { SecurePlan } from "../plan/backside/secure-plan.ts";
import type { ServicePlan } from "../plan/service-plan.ts";
import { boundMember } from "./affinity.ts";
import { refused, unanswered } from "./backend-failure.ts";
import type { Balancer, Member } from "./balancer.ts";
import type { Balancers } from "./balancers.ts";
import { ClientGone } from "./exchange.ts";
import { MemberAttempts } from "./member-attempts.ts";
import type { Hop, Routes } from "./routes.ts";
import type { Target } from "./target.ts";

/** What of a service decides on the ways of its messages. */
export interface Sender {
  readonly plan: ServicePlan;
  readonly balancers: Pick<Balancers, "find">;
  readonly routes: Routes;
}

/** One way to a target: directly, or through a member of a group. */
export interface Way {
  readonly hop: Hop;
  readonly balancer?: Balancer;
  readonly member?: Member;
}

/**
 * The ways to a target, as many as may be tried: for a repeatable message a second one, in a group
 * on another member; in a group that tries every server, over all of them.
 */
export class Ways {
  readonly #sender: Sender;
  readonly #transaction: Transaction;
  readonly #target: Target;
  readonly #repeatable: boolean;
  readonly #profile: SecurePlan | string | undefined;
  readonly #balancer: Balancer | undefined;
  readonly #members: MemberAttempts | undefined;
  #only: Hop | string | undefined;
  #tries = 0;
  #problem: unknown;
  #over = false;

  /** `repeatable` for a message that may be sent again even if it has arrived. */
  constructor(sender: Sender, transaction: Transaction, target: Target, repeatable: boolean) {
    const { plan, balancers } = sender;
    this.#sender = sender;
    this.#transaction = transaction;
    this.#target = target;
    this.#repeatable = repeatable;
    this.#profile = profileOf(plan, transaction);
    this.#balancer = balancers.find(plan, target.host);
    if (this.#balancer !== undefined) {
      this.#members = new MemberAttempts(this.#balancer, repeatable);
      transaction.service.set("lb/group", this.#balancer.plan.name);
      this.#problem = new Error(`no member of group ${this.#balancer.plan.name} is up`);
    }
  }

  /** The way for the next try, or why there is none. */
  next(): Way | Failure {
    const target = this.#target;
    if (typeof this.#profile === "string") return refused(this.#profile);
    if (this.#balancer !== undefined) return this.#nextMember(this.#balancer, this.#profile);
    this.#tries++;
    if (this.#over || this.#tries > (this.#repeatable ? 2 : 1))
      return unanswered(target, this.#problem);
    this.#only ??= this.#sender.routes.hopTo(target, this.#profile);
    return typeof this.#only === "string" ? refused(this.#only) : { hop: this.#only };
  }

  /** A way gave no answer. */
  failed({ member }: Way, error: unknown): void {
    this.#problem = error;
    if (error instanceof ClientGone) this.#over = true;
    else if (member !== undefined) this.#members?.failed(member, error);
  }

  #nextMember(balancer: Balancer, profile: SecurePlan | undefined): Way | Failure {
    const { plan, routes } = this.#sender;
    const transaction = this.#transaction;
    const target = this.#target;
    const bound = boundMember(balancer, transaction.request.headers);
    const hashed = hashedOf(plan, transaction);
    const member = this.#over ? undefined : this.#members?.next({ hashed, bound });
    if (member === undefined) return unanswered(target, this.#problem);
    const { host, port } = member.plan;
    transaction.service.set("lb/member", `${host}:${port || target.port}`);
    const hop = routes.hopTo(target, profile, { balancer, member });
    return typeof hop === "string" ? refused(hop) : { hop, balancer, member };
  }
}

/** The TLS profile that a rule has chosen for this message. */
function profileOf(
  { backside }: ServicePlan,
  { service }: Transaction,
): SecurePlan | string | undefined {
  const name = service.get("routing-url-sslprofile");
  return name === undefined || name === "" ? undefined : backside.secureNamed(String(name));
}

/** What a group with the algorithm hash takes its hash of. */
function hashedOf({ backside }: ServicePlan, { request }: Transaction): string {
  const { hashHeader } = backside;
  const value = hashHeader === "" ? undefined : request.headers.get(hashHeader);
  return value ?? request.client.slice(0, request.client.lastIndexOf(":"));
}
