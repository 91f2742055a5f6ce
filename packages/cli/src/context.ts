import type { Progress } from "./progress.ts";
import type { Style } from "./style.ts";
import type { Wire } from "./wire.ts";

/** What every command is given. */
export interface Context {
  readonly wire: Wire;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Aborted at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly style: Style;
  readonly isJson: boolean;
  /** A line of a stream (`logs`, `drift --watch`) on standard output. */
  readonly print: (line: string) => void;
}

/** What a command answers: a document for programs, lines for people, and yes (0) or an honest no (1). */
export interface Outcome {
  readonly exitCode: 0 | 1;
  readonly document: unknown;
  readonly lines: readonly string[];
}
