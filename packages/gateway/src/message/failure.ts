import type { RulePlan } from "../plan/service-plan.ts";

/** Who is to blame for a failure: the client's side of the transaction or the backend's. */
export type FaultSide = "client" | "server";

/** Why a transaction failed. Codes are `0x` and eight hexadecimal digits. */
export interface Failure {
  readonly code: string;
  readonly subcode: string;
  /** What the client is told. */
  readonly message: string;
  readonly side: FaultSide;
  /** What the log is told. */
  readonly detail?: string;
  /** 500 unless a refusal before any rule says otherwise. */
  readonly status?: number;
  /** Headers of the default answer. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** The rule that answers, in place of the policy's error rules: of `on-error abort`. */
  readonly handler?: FailureHandler;
}

/** A rule that an on-error action names, with its contexts. */
export interface FailureHandler {
  readonly rule: RulePlan;
  readonly input: string;
  readonly output: string;
}

/** Failure codes, as far as they are known; those of scripts and of aaa are not verified. */
export const failureCodes = {
  dynamicExecution: "0x00230001",
  rejected: "0x00d30003",
  backendConnection: "0x01130006",
  notAuthorized: "0x01d30002",
  responseCode: "0x02030004",
  script: "0x85800001",
} as const;

/** What the client is told where nothing better is known. */
export const internalError = "Internal Error";

/** What is on one side of its way. */
interface Sided {
  readonly side: "request" | "response" | "error";
  readonly failure?: Failure | undefined;
}

/** A failure on the side on which the transaction is. */
export function failureIn(transaction: Sided, code: string, detail: string): Failure {
  return { code, subcode: code, message: internalError, side: sideOf(transaction), detail };
}

/** The side that is to blame for what fails now. */
export function sideOf({ side, failure }: Sided): FaultSide {
  // what fails while an error is handled is on the side of that error
  if (side === "error") return failure?.side ?? "client";
  return side === "response" ? "server" : "client";
}

/** What was thrown where nothing should be, as the failure of a message. */
export function thrownIn(transaction: Sided, error: unknown): Failure {
  const detail = (error as Error).stack ?? String(error);
  return failureIn(transaction, failureCodes.dynamicExecution, detail);
}
