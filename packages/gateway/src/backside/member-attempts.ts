import type { Balancer, Chooser, Member } from "./balancer.ts";
import { ConnectError } from "./http-client.ts";

/** The members that one request is tried on, in turn. */
export class MemberAttempts {
  readonly #balancer: Balancer;
  readonly #repeatable: boolean;
  readonly #tried = new Set<Member>();
  #over = false;

  /** `repeatable` for a request that may be sent again even if it has arrived. */
  constructor(balancer: Balancer, repeatable: boolean) {
    this.#balancer = balancer;
    this.#repeatable = repeatable;
  }

  /** The member for the next try; undefined when there is none, or nothing may be tried again. */
  next(chooser: Omit<Chooser, "now">): Member | undefined {
    if (this.#over) return undefined;
    const { members, plan } = this.#balancer;
    const now = Date.now();
    const member = this.#balancer.choose({ ...chooser, now }, this.#tried);
    if (member !== undefined) {
      this.#tried.add(member);
      return member;
    }
    // in a group of one its member is tried again
    this.#over = true;
    const [only] = members;
    const again = this.#tried.size === 1 && members.length === 1 && !plan.givesUp;
    return again ? only : undefined;
  }

  /**
   * The request failed on a member. Without a connection nothing was sent, so that a group that
   * tries all members goes on whatever the request; else only a repeatable one goes on, once or, in
   * such a group, over all members.
   */
  failed(member: Member, error: unknown): void {
    const unsent = error instanceof ConnectError;
    if (unsent) this.#balancer.failed(member, Date.now());
    const { triesAll } = this.#balancer.plan;
    const goesOn = triesAll
      ? unsent || this.#repeatable
      : this.#repeatable && this.#tried.size === 1;
    if (!goesOn) this.#over = true;
  }
}
