import { createHash } from "node:crypto";
import type { Headers } from "../http/headers.ts";
import type { AffinityPlan } from "../plan/backside/group-plan.ts";
import type { Balancer, Member } from "./balancer.ts";

/** The member that a client's cookie names; undefined without one that is known. */
export function boundMember(balancer: Balancer, headers: Headers): Member | undefined {
  const { affinity } = balancer.plan;
  if (affinity === undefined) return undefined;
  const value = cookieOf(headers, affinity.cookie);
  if (value === undefined) return undefined;
  return balancer.members.find((member) => tokenOf(balancer, member) === value);
}

/** The Set-Cookie that binds a client to the member that answered; undefined when none is due. */
export function bindingCookie(
  balancer: Balancer,
  member: Member,
  asked: Headers,
  answered: Headers,
): string | undefined {
  const { affinity } = balancer.plan;
  if (affinity === undefined || boundMember(balancer, asked) === member) return undefined;
  if (!affinity.always && !beginsSession(affinity, answered)) return undefined;
  const parts = [`${affinity.cookie}=${tokenOf(balancer, member)}`];
  if (affinity.path !== "") parts.push(`Path=${affinity.path}`);
  if (affinity.domain !== "") parts.push(`Domain=${affinity.domain}`);
  if (affinity.attributes.includes("secure")) parts.push("Secure");
  if (affinity.attributes.includes("httponly")) parts.push("HttpOnly");
  return parts.join("; ");
}

function beginsSession({ monitored }: AffinityPlan, answered: Headers): boolean {
  return answered
    .values("set-cookie")
    .some((cookie) => monitored.includes(cookie.slice(0, Math.max(0, cookie.indexOf("="))).trim()));
}

function cookieOf(headers: Headers, name: string): string | undefined {
  for (const line of headers.values("cookie")) {
    for (const pair of line.split(";")) {
      const at = pair.indexOf("=");
      if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
    }
  }
  return undefined;
}

/** Names a member without telling its address; the same in every process. */
function tokenOf({ plan }: Balancer, { plan: { host, port } }: Member): string {
  const text = `${plan.domain}/${plan.name}/${host}:${port}`;
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}
