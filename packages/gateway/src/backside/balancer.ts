import type { GroupPlan, MemberPlan } from "../plan/backside/group-plan.ts";

/** One member of a running group. */
export class Member {
  readonly plan: MemberPlan;
  /** Requests that it works on. */
  active = 0;
  /** Until when it is left out after a failure, in milliseconds since 1970. */
  dampedUntil = 0;
  /** False after a health check failed, until one succeeds. */
  healthy = true;
  /** For smooth turns by weight. */
  credit = 0;

  constructor(plan: MemberPlan) {
    this.plan = plan;
  }

  /** True when requests may go to it. */
  isUp(now: number): boolean {
    return this.plan.enabled && this.healthy && now >= this.dampedUntil;
  }
}

/** What the choice of a member may depend on. */
export interface Chooser {
  /** What a hash is taken of: the client's address, or a header. */
  readonly hashed: string;
  /** The member that the client's cookie names. */
  readonly bound?: Member | undefined;
  readonly now: number;
}

const none: ReadonlySet<Member> = new Set();

/** A load-balancer group as it runs: which member takes the next request. */
export class Balancer {
  readonly plan: GroupPlan;
  readonly members: readonly Member[];
  #turn = 0;

  constructor(plan: GroupPlan) {
    this.plan = plan;
    this.members = plan.members.map((member) => new Member(member));
  }

  /** The member for a request; undefined when there is none that has not been `tried`. */
  choose(chooser: Chooser, tried: ReadonlySet<Member> = none): Member | undefined {
    const { now, bound } = chooser;
    if (bound?.isUp(now) === true && !tried.has(bound)) return bound;
    const open = this.members.filter((member) => member.plan.enabled && !tried.has(member));
    const up = open.filter((member) => member.isUp(now));
    if (up.length > 0) return this.#among(up, chooser);
    return this.plan.givesUp || open.length === 0 ? undefined : this.#among(open, chooser);
  }

  /** A request to this member failed for want of a connection. */
  failed(member: Member, now: number): void {
    member.dampedUntil = now + this.plan.damp;
  }

  /** A member answers: it is taken back at once. */
  succeeded(member: Member): void {
    member.dampedUntil = 0;
  }

  #among(members: readonly Member[], { hashed }: Chooser): Member {
    switch (this.plan.algorithm) {
      case "first-alive":
        return members[0]!;
      case "hash":
        return members[hashOf(hashed) % members.length]!;
      case "weighted-round-robin":
        return byWeight(members);
      case "least-connections":
        return this.#least(members, (member) => member.active);
      case "weighted-least-connections":
        return this.#least(members, (member) => member.active / member.plan.weight);
      default:
        return this.#next(members);
    }
  }

  /** The first of these at or after the place of the last turn. */
  #next(members: readonly Member[]): Member {
    const count = this.members.length;
    for (let step = 0; step < count; step++) {
      const at = (this.#turn + step) % count;
      const member = this.members[at]!;
      if (!members.includes(member)) continue;
      this.#turn = (at + 1) % count;
      return member;
    }
    return members[0]!;
  }

  #least(members: readonly Member[], load: (member: Member) => number): Member {
    const least = Math.min(...members.map(load));
    return this.#next(members.filter((member) => load(member) === least));
  }
}

/** Smooth turns: each gains its weight, the richest serves and pays the sum. */
function byWeight(members: readonly Member[]): Member {
  let sum = 0;
  let richest = members[0]!;
  for (const member of members) {
    sum += member.plan.weight;
    member.credit += member.plan.weight;
    if (member.credit > richest.credit) richest = member;
  }
  richest.credit -= sum;
  return richest;
}

/** FNV-1a over the text's bytes as latin1. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ (text.charCodeAt(at) & 0xff), 0x01000193) >>> 0;
  }
  return hash;
}
