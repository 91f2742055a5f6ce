import { Fault, visible } from "@lithify/fault";
import type { Style } from "./style.ts";

/** Any thrown value as a Fault: a defect becomes INTERNAL and never shows a stack trace. */
export function faultOf(error: unknown, signal: AbortSignal): Fault {
  if (error instanceof Fault) return error;
  if (signal.aborted)
    return new Fault("INTERRUPTED", "the command", { why: "it was stopped", cause: error });
  return new Fault("INTERNAL", "the command", {
    why: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    cause: error,
  });
}

/** The fault for people: what and why, where, the values, the hint. */
export function faultLines(fault: Fault, style: Style): readonly string[] {
  const place = fault.place;
  const where =
    place === undefined
      ? []
      : [`  at ${place.file}:${place.line}${place.column === undefined ? "" : `:${place.column}`}`];
  const values = Object.entries(fault.values ?? {}).map(
    ([name, value]) => `  ${name}: ${typeof value === "string" ? visible(value) : value}`,
  );
  return [
    `${style.bad(fault.code)} ${style.bold(visible(fault.message))}`,
    ...where,
    ...values,
    `  ${style.dim(`hint: ${fault.hint}`)}`,
  ];
}
