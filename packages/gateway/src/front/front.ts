import type { Readable } from "node:stream";
import type { Answer } from "../answer/answer.ts";
import type { IncomingRequest } from "../message/transaction.ts";
import type { ListenerPlan } from "../plan/service-plan.ts";

/** Takes a request to its answer, which `respond` hears once: at once, or later. Never throws. */
export type Handler = (
  request: IncomingRequest,
  body: Readable | undefined,
  respond: (answer: Answer) => void,
) => void;

/** Times that the service sets for its clients, in milliseconds. */
export interface FrontTimes {
  readonly idleInMessage: number;
  readonly betweenMessages: number;
}

/** Hears why a connection, or a request on one, was turned away. */
export type Note = (text: string, of?: "connection" | "request") => void;

/** What all connections of a listener share. */
export interface Front {
  readonly plan: ListenerPlan;
  readonly times: FrontTimes;
  readonly handler: Handler;
  /** Hears of requests that no rule has seen. */
  readonly note: Note;
  /** True once no further request is to be taken. */
  closing: boolean;
}

/** A connection, or what is on the way to become one. */
export interface Guest {
  /** True when nothing is in flight. */
  readonly idle: boolean;
  /** When the client was last heard of, by the clock in ms; undefined where that does not count. */
  readonly heardAt?: number;
  /** Ends what has been silent for too long; called from time to time with the clock's value. */
  check(now: number): void;
  /** Takes no further request, and ends after those in flight; absent where each answer does so. */
  drain?(): void;
  destroy(): void;
}
