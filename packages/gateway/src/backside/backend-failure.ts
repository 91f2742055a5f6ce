import { type Failure, failureCodes, internalError } from "../message/failure.ts";
import type { Target } from "./target.ts";

/** A message that goes to no backend. */
export function refused(detail: string): Failure {
  const code = failureCodes.backendConnection;
  return { code, subcode: code, message: internalError, side: "client", detail };
}

/** A backend that gave no answer. */
export function unanswered(target: Target, error: unknown): Failure {
  const code = failureCodes.backendConnection;
  return {
    code,
    subcode: code,
    message: "Failed to establish a backside connection",
    side: "client",
    detail: `backend ${target.authority}: ${(error as Error).message}`,
  };
}
