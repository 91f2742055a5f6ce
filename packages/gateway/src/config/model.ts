import type { Fault } from "@lithify/fault";

/**
 * Where a statement stands: `file` is relative to the configuration root, `line` and `column`
 * count from 1.
 */
export interface Origin {
  readonly file: string;
  readonly line: number;
  readonly column?: number;
}

/** One property statement of an object, as it was written: `no name` is `negated`. */
export interface PropertyLine {
  readonly name: string;
  readonly arguments: readonly string[];
  /** The column of each argument, where it was written out. */
  readonly columns?: readonly number[];
  readonly negated: boolean;
  readonly origin: Origin;
  /** True when the catalogue of the object's kind has this property, or a known older name of it. */
  readonly known: boolean;
  /** Statements of a sub-mode such as `health-check` … `exit`. */
  readonly children?: readonly PropertyLine[];
}

/** One object of a domain. `lines` holds what is in force, in the order in which it was set. */
export interface ConfigObject {
  readonly domain: string;
  /** The command word: `mpgw`, `source-http`, `matching` … */
  readonly alias: string;
  /** The class in the catalogue (`MultiProtocolGateway`), or the alias where it has none. */
  readonly kind: string;
  readonly name: string;
  /** Where the object was first opened. */
  readonly origin: Origin;
  readonly enabled: boolean;
  readonly lines: readonly PropertyLine[];
}

/** `domain` problems keep a whole domain down, `object` problems the services that use the object. */
export interface Problem {
  readonly severity: "error" | "warning" | "note";
  readonly scope: "domain" | "object";
  readonly domain: string;
  readonly origin: Origin;
  /** `alias name` of the object, when the problem lies in one. */
  readonly object?: string;
  readonly message: string;
  /** Present when a file could not be read as configuration. */
  readonly fault?: Fault;
}

/** A stretch of text that a false condition left out; kept so that a comparison can show it. */
export interface SkippedText {
  readonly file: string;
  readonly firstLine: number;
  readonly lastLine: number;
  readonly condition: string;
}

/** One domain: its object table (`kind/name` → object), the files it was read from. */
export interface ConfigDomain {
  readonly name: string;
  readonly files: readonly string[];
  readonly objects: ReadonlyMap<string, ConfigObject>;
  readonly skipped: readonly SkippedText[];
  /** False when a file of the domain could not be read whole: nothing of it is served. */
  readonly whole: boolean;
}

/** A configuration tree as loaded: domains in load order and every problem that was found. */
export interface Configuration {
  readonly root: string;
  /** True when it is one file, read by itself: there are no other files to go with it. */
  readonly single?: boolean;
  readonly domains: ReadonlyMap<string, ConfigDomain>;
  readonly problems: readonly Problem[];
}

/** The key of an object in its domain's table. */
export function objectKey(kind: string, name: string): string {
  return `${kind}/${name}`;
}
