import type { Origin, Problem, SkippedText } from "./model.ts";
import type { OpenObject } from "./object-table.ts";

/** What reading a file needs from outside: the table it fills and the files that it names. */
export interface ReaderContext {
  readonly domain: string;
  readonly table: Map<string, OpenObject>;
  readonly problems: Problem[];
  readonly skipped: SkippedText[];
  /** Whether a `%if% isfile` URL exists. */
  fileExists(url: string): boolean;
  /** Runs another file of the domain, for `exec`. */
  execute(url: string, origin: Origin): void;
}
