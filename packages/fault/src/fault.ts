import { type FaultCode, faultTable } from "./codes.ts";
import { redact } from "./redact.ts";

/** What a caller can add to a fault: the cause in words, the values involved, what to do next. */
export interface FaultDetails {
  /** Why it could not be done, one clause, no full stop. */
  readonly why?: string;
  /** The values involved: paths, numbers, names. Secrets in them are redacted. */
  readonly values?: Readonly<Record<string, string | number | boolean>>;
  /** What the user can do about it; the code's own remedy when left out. */
  readonly hint?: string;
  /** Where in a text it was found. */
  readonly place?: Place;
  readonly cause?: unknown;
}

/** A place in a text file; line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column?: number;
}

/** The JSON form of a fault, as printed under `--json`. */
export interface FaultDocument {
  readonly code: FaultCode;
  readonly what: string;
  readonly why?: string;
  readonly values?: Readonly<Record<string, string | number | boolean>>;
  readonly hint: string;
  readonly place?: Place;
}

/**
 * The one error class. `code` is from the table, `what` says what could not be done.
 * `exitCode` is 2 for wrong usage (bad arguments, bad input files) and 3 for everything else.
 */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly what: string;
  readonly why: string | undefined;
  readonly values: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly hint: string;
  readonly place: Place | undefined;

  constructor(code: FaultCode, what: string, details: FaultDetails = {}) {
    const cause = details.cause === undefined ? undefined : { cause: details.cause };
    super(redact(details.why === undefined ? what : `${what}: ${details.why}`), cause);
    this.name = "Fault";
    this.code = code;
    this.what = redact(what);
    this.why = details.why === undefined ? undefined : redact(details.why);
    this.values = details.values === undefined ? undefined : redactValues(details.values);
    this.hint = redact(details.hint ?? faultTable[code].remedy);
    this.place = details.place;
  }

  get exitCode(): 2 | 3 {
    return faultTable[this.code].exit;
  }

  toJSON(): FaultDocument {
    return {
      code: this.code,
      what: this.what,
      ...(this.why === undefined ? {} : { why: this.why }),
      ...(this.values === undefined ? {} : { values: this.values }),
      hint: this.hint,
      ...(this.place === undefined ? {} : { place: this.place }),
    };
  }
}

/** True for a Fault, of one of `codes` when any are given. */
export function isFault(error: unknown, ...codes: readonly FaultCode[]): error is Fault {
  return error instanceof Fault && (codes.length === 0 || codes.includes(error.code));
}

/** The end of a switch over a closed choice; reached only when a type was cast wrongly. */
export function unreachable(value: never): never {
  throw new Fault("INTERNAL", "a case that the types exclude", {
    values: { value: String(value) },
  });
}

function redactValues(
  values: Readonly<Record<string, string | number | boolean>>,
): Readonly<Record<string, string | number | boolean>> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === "string" ? redact(value) : value,
    ]),
  );
}
