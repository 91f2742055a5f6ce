import type { Place } from "@lithify/fault";

/** One instruction of a Dockerfile: continuation lines joined, comments taken out, nothing expanded. */
export interface Instruction {
  /** In capitals, as in the table of instructions. */
  readonly keyword: string;
  readonly flags: readonly Flag[];
  /** What follows the flags, to the end of the logical line. */
  readonly rest: string;
  readonly heredocs: readonly Heredoc[];
  readonly place: Place;
  /** The escape character of the file: a backslash, or a backtick by directive. */
  readonly escaping: string;
}

/** `--name=value`; no value when there is no equals sign. */
export interface Flag {
  readonly name: string;
  readonly value: string | undefined;
  readonly place: Place;
}

/** A here-document of RUN, COPY or ADD. */
export interface Heredoc {
  readonly name: string;
  /** The word that opened it, as written: `<<-"EOF"`. */
  readonly word: string;
  readonly content: string;
  /** The lines as they stand in the file, without the closing one. */
  readonly raw: string;
  /** False when the name was quoted. */
  readonly expands: boolean;
}
