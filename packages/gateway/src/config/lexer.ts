import { Fault, isFault } from "@lithify/fault";

/** One word of a statement; `quoted` tells `"512"` from `512`. `column` counts from 1. */
export interface Word {
  readonly text: string;
  readonly quoted: boolean;
  readonly column: number;
}

/** One statement: its words, never empty, and the line on which it stands. */
export interface Statement {
  readonly words: readonly Word[];
  readonly line: number;
}

/** Longest line that is read, in characters. */
const longestLine = 1_048_576;

/** The statements of a file, up to the place where it stops being configuration. */
export interface LexedText {
  readonly statements: readonly Statement[];
  /**
   * CONFIG_INVALID for text that follows a closing quote, a quote that is not closed in its line,
   * a NUL or an overlong line; CONFIG_TRUNCATED when the file ends inside a quoted text.
   */
  readonly broken?: Fault;
}

/** Splits configuration text into statements: one per line, or several divided by `;`. */
export function lexConfiguration(text: string, file: string): LexedText {
  const statements: Statement[] = [];
  try {
    lexLines(text, file, statements);
    return { statements };
  } catch (error) {
    if (isFault(error)) return { statements, broken: error };
    throw error;
  }
}

function lexLines(text: string, file: string, statements: Statement[]): void {
  const lines = text.split("\n");
  const lastContent = lines.findLastIndex((line) => line.trim() !== "");
  for (const [index, raw] of lines.entries()) {
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    const place = { file, line: index + 1 };
    if (line.length > longestLine || line.includes("\0")) {
      throw new Fault("CONFIG_INVALID", `cannot read ${file}`, {
        why: line.includes("\0") ? "line holds a NUL character" : "line is longer than 1 MiB",
        place,
      });
    }
    if (/^[ \t]*#/.test(line)) continue;
    lexLine(line, index + 1, file, index === lastContent, statements);
  }
}

function lexLine(
  line: string,
  number: number,
  file: string,
  lastOfFile: boolean,
  statements: Statement[],
): void {
  let words: Word[] = [];
  let at = 0;
  const finish = (): void => {
    if (words.length > 0) statements.push({ words, line: number });
    words = [];
  };
  while (at < line.length) {
    const character = line[at]!;
    if (isBlank(character)) {
      at++;
    } else if (character === ";") {
      finish();
      at++;
    } else if (character === '"') {
      const end = readQuoted(line, at, number, file, lastOfFile, words);
      at = end;
    } else {
      const start = at;
      while (at < line.length && !isBlank(line[at]!) && line[at] !== ";") at++;
      words.push({ text: line.slice(start, at), quoted: false, column: start + 1 });
    }
  }
  finish();
}

function readQuoted(
  line: string,
  start: number,
  number: number,
  file: string,
  lastOfFile: boolean,
  words: Word[],
): number {
  const place = { file, line: number, column: start + 1 };
  let text = "";
  let at = start + 1;
  for (;;) {
    const character = line[at];
    if (character === undefined) {
      throw new Fault(lastOfFile ? "CONFIG_TRUNCATED" : "CONFIG_INVALID", `cannot read ${file}`, {
        why: lastOfFile ? "the file ends inside a quoted text" : "a quoted text is not closed",
        place,
      });
    }
    if (character === '"') break;
    const next = line[at + 1];
    if (character === "\\" && (next === "\\" || next === '"')) {
      text += next;
      at += 2;
    } else {
      text += character;
      at++;
    }
  }
  const after = line[at + 1];
  if (after !== undefined && !isBlank(after) && after !== ";") {
    throw new Fault("CONFIG_INVALID", `cannot read ${file}`, {
      why: "a quoted text is followed by more text without a blank",
      place: { ...place, column: at + 2 },
    });
  }
  words.push({ text, quoted: true, column: start + 1 });
  return at + 1;
}

function isBlank(character: string): boolean {
  return character === " " || character === "\t" || character === "\v" || character === "\f";
}
