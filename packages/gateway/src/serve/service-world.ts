import type { Answer } from "../answer/answer.ts";
import type { Transaction } from "../message/transaction.ts";
import type { ServicePlan } from "../plan/service-plan.ts";
import type { RuleWorld } from "../rules/actions/rule-run.ts";
import type { LateBackside } from "./late-backside.ts";
import type { ServiceMeter } from "./meter.ts";

/** What one service works with. */
export interface ServiceWorld extends RuleWorld {
  readonly plan: ServicePlan;
  readonly backend: LateBackside;
  readonly meter: ServiceMeter;
  readonly access?: AccessWriter | undefined;
  readonly observe?: ((message: ObservedMessage) => void) | undefined;
}

/** Hears of every message whose answer stands, with the milliseconds that it took. */
export type AccessWriter = (transaction: Transaction, answer: Answer, milliseconds: number) => void;

/** A message whose answer stands. */
export interface ObservedMessage {
  readonly domain: string;
  readonly service: string;
  /** The value of a `var://` URL; undefined when there is none. */
  variable(url: string): unknown;
}
