import type { Style } from "./style.ts";

/** Where a command says what it is doing: standard error, one line a step. */
export interface Progress {
  /** A step has begun, or goes on. */
  step(text: string): void;
  /** A line that stays, such as the output of a RUN. */
  note(text: string): void;
  /** Wipes what is not meant to stay. */
  end(): void;
}

interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** On a terminal a step overwrites the one before; elsewhere each is a line. */
export function progressOn(output: Output, style: Style, isQuiet: boolean): Progress {
  if (isQuiet) return { step: () => {}, note: () => {}, end: () => {} };
  if (output.isTTY !== true)
    return {
      step: (text) => output.write(`${text}\n`),
      note: (text) => output.write(`  ${text}\n`),
      end: () => {},
    };
  const wipe = "\r\u001b[2K";
  return {
    step: (text) => output.write(wipe + style.dim(clip(text, output.columns ?? 80))),
    note: (text) => output.write(`${wipe}${style.dim(`  ${text}`)}\n`),
    end: () => output.write(wipe),
  };
}

function clip(text: string, columns: number): string {
  return text.length < columns ? text : `${text.slice(0, Math.max(0, columns - 2))}…`;
}
