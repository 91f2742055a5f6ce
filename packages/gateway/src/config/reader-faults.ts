import { Fault } from "@lithify/fault";
import type { Conditions } from "./conditions.ts";
import type { Origin } from "./model.ts";
import { isOpenMode, type Mode, modeLabel } from "./modes.ts";

/** CONFIG_INVALID at a place, with the object that it is about. */
export function invalidObject(file: string, why: string, object: string, origin: Origin): Fault {
  return new Fault("CONFIG_INVALID", `cannot read ${file}`, {
    why,
    values: { object },
    place: { file: origin.file, line: origin.line },
  });
}

/** CONFIG_TRUNCATED when the file ends inside an object, a crypto block or a condition; else undefined. */
export function truncation(
  file: string,
  lastLine: number,
  modes: readonly Mode[],
  condition: Conditions["innermost"],
): Fault | undefined {
  const open = modes.findLast(isOpenMode);
  if (open === undefined && condition === undefined) return undefined;
  const what =
    open === undefined
      ? `the condition of line ${condition?.line ?? 1}, %if% ${condition?.text ?? ""}`
      : `${modeLabel(open)}, opened in line ${open.origin.line}`;
  return new Fault("CONFIG_TRUNCATED", `cannot read ${file}`, {
    why: `the file ends inside ${what}`,
    values: { object: open === undefined ? "" : modeLabel(open) },
    place: { file, line: lastLine },
  });
}

/** A fault of the text itself, with the object in which it lies. */
export function faultInside(fault: Fault, modes: readonly Mode[]): Fault {
  const open = modes.findLast(isOpenMode);
  if (open === undefined || fault.place === undefined) return fault;
  const why = `${fault.why ?? ""}, inside ${modeLabel(open)} of line ${open.origin.line}`;
  return new Fault(fault.code, fault.what, {
    why,
    values: { object: modeLabel(open) },
    place: fault.place,
  });
}
