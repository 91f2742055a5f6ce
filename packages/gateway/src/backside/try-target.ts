import type { SecurePlan } from "../plan/backside/secure-plan.ts";
import type { ServicePlan } from "../plan/service-plan.ts";
import type { Failure } from "../serve/failure.ts";
import type { Transaction } from "../serve/transaction.ts";
import { boundMember } from "./affinity.ts";
import { refused, unanswered } from "./backend-failure.ts";
import type { Balancer, Member } from "./balancer.ts";
import type { Balancers } from "./balancers.ts";
import { ClientGone } from "./exchange.ts";
import { MemberAttempts } from "./member-attempts.ts";
import { type Hop, hopTo } from "./routes.ts";
import type { Target } from "./target.ts";

/** One message and where it is to go. */
export interface Sending {
  readonly plan: ServicePlan;
  readonly balancers: Balancers;
  readonly transaction: Transaction;
  readonly target: Target;
  /** True for a message that may be sent again even if it has arrived. */
  readonly repeatable: boolean;
}

/** A group and the member of it that is tried. */
export interface Through {
  readonly balancer: Balancer;
  readonly member: Member;
}

/**
 * Finds the way to a target and tries it as often as may be: a repeatable message once more, in a
 * group on another member; in a group that tries every server, all of them.
 */
export async function tryTarget<Outcome>(
  sending: Sending,
  attempt: (hop: Hop, through?: Through) => Promise<Outcome>,
): Promise<Outcome | Failure> {
  const { plan, balancers, transaction, target } = sending;
  const profile = profileOf(plan, transaction);
  if (typeof profile === "string") return refused(profile);
  const balancer = balancers.find(plan, target.host);
  if (balancer !== undefined) return tryMembers(sending, profile, balancer, attempt);
  const hop = hopTo(plan.backside, target, profile);
  if (typeof hop === "string") return refused(hop);
  try {
    return await attempt(hop);
  } catch (error) {
    if (!sending.repeatable || error instanceof ClientGone) return unanswered(target, error);
  }
  try {
    return await attempt(hop);
  } catch (error) {
    return unanswered(target, error);
  }
}

async function tryMembers<Outcome>(
  { plan, transaction, target, repeatable }: Sending,
  profile: SecurePlan | undefined,
  balancer: Balancer,
  attempt: (hop: Hop, through: Through) => Promise<Outcome>,
): Promise<Outcome | Failure> {
  const attempts = new MemberAttempts(balancer, repeatable);
  const bound = boundMember(balancer, transaction.request.headers);
  const hashed = hashedOf(plan, transaction);
  transaction.service.set("lb/group", balancer.plan.name);
  let problem: unknown = new Error(`no member of group ${balancer.plan.name} is up`);
  for (;;) {
    const member = attempts.next({ hashed, bound });
    if (member === undefined) return unanswered(target, problem);
    const { host, port } = member.plan;
    transaction.service.set("lb/member", `${host}:${port || target.port}`);
    const hop = hopTo(plan.backside, target, profile, { balancer, member });
    if (typeof hop === "string") return refused(hop);
    try {
      return await attempt(hop, { balancer, member });
    } catch (error) {
      if (error instanceof ClientGone) return unanswered(target, error);
      problem = error;
      attempts.failed(member, error);
    }
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
