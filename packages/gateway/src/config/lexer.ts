import { Fault } from "@lithify/fault";

/** One statement: its words, never empty, and where they stand; lines and columns count from 1. */
export interface Statement {
  readonly texts: readonly string[];
  readonly columns: readonly number[];
  readonly line: number;
  /** True for `%if%` and `%endif%`, which are never quoted. */
  readonly directive: boolean;
}

/** Longest line that is read, in characters. */
const longestLine = 1_048_576;
/** Faults of one file that are kept; text after that is still read. */
const mostFaults = 100;

/** The statements of a file; a line that is no configuration is left out and is in `broken`. */
export interface LexedText {
  readonly statements: readonly Statement[];
  /**
   * In order of lines. CONFIG_INVALID for text that follows a closing quote, a quote that is not
   * closed in its line, a NUL or an overlong line; CONFIG_TRUNCATED when the file ends inside a
   * quoted text.
   */
  readonly broken: readonly Fault[];
}

/** Splits configuration text into statements: one per line, or several divided by `;`. */
export function lexConfiguration(text: string, file: string): LexedText {
  const lexer: Lexer = { file, statements: [], broken: [] };
  let number = 0;
  let start = 0;
  let open: { readonly column: number; readonly number: number } | undefined;
  while (start <= text.length) {
    const found = text.indexOf("\n", start);
    const end = found < 0 ? text.length : found;
    const trimmed = text.charCodeAt(end - 1) === 13 && end > start ? end - 1 : end;
    number++;
    if (open !== undefined && text.slice(start, trimmed).trim() !== "") {
      refuse(lexer, "CONFIG_INVALID", "a quoted text is not closed", open.number, open.column);
      open = undefined;
    }
    const column = lexLine(lexer, text.slice(start, trimmed), number);
    if (column > 0) open = { column, number };
    start = end + 1;
  }
  if (open !== undefined) {
    const why = "the file ends inside a quoted text";
    refuse(lexer, "CONFIG_TRUNCATED", why, open.number, open.column);
  }
  return lexer;
}

interface Lexer {
  readonly file: string;
  readonly statements: Statement[];
  readonly broken: Fault[];
}

const quote = 34;
const semicolon = 59;
const blankCodes: ReadonlySet<number> = new Set([32, 9, 11, 12]);

/** Adds the statements of one line; the column of a quote that is not closed, or 0. */
function lexLine(lexer: Lexer, line: string, number: number): number {
  const why = unreadable(line);
  if (why !== undefined) refuse(lexer, "CONFIG_INVALID", why, number);
  if (why !== undefined || /^[ \t]*#/.test(line)) return 0;
  let words: OpenStatement = { texts: [], columns: [] };
  let at = 0;
  while (at < line.length) {
    const code = line.charCodeAt(at);
    if (isSeparator(code)) {
      if (code === semicolon) words = finish(lexer, words, line, number);
      at++;
      continue;
    }
    const end = code === quote ? closingQuote(line, at) : bareEnd(line, at);
    if (end < 0) return at + 1;
    words.columns.push(at + 1);
    words.texts.push(code === quote ? unescaped(line.slice(at + 1, end)) : line.slice(at, end));
    at = code === quote ? end + 1 : end;
    if (at < line.length && !isSeparator(line.charCodeAt(at))) {
      const why = "a quoted text is followed by more text without a blank";
      refuse(lexer, "CONFIG_INVALID", why, number, at + 1);
      return 0;
    }
  }
  finish(lexer, words, line, number);
  return 0;
}

function unreadable(line: string): string | undefined {
  if (line.includes("\0")) return "line holds a NUL character";
  return line.length > longestLine ? "line is longer than 1 MiB" : undefined;
}

interface OpenStatement {
  readonly texts: string[];
  readonly columns: number[];
}

/** Ends a statement; gives an empty one for what follows. */
function finish(lexer: Lexer, words: OpenStatement, line: string, number: number): OpenStatement {
  const first = words.columns[0];
  if (first === undefined) return words;
  lexer.statements.push({ ...words, line: number, directive: line[first - 1] === "%" });
  return { texts: [], columns: [] };
}

function isSeparator(code: number): boolean {
  return code === semicolon || blankCodes.has(code);
}

/** Where a word without quotes ends. */
function bareEnd(line: string, start: number): number {
  let at = start;
  while (at < line.length && !isSeparator(line.charCodeAt(at))) at++;
  return at;
}

/** Where the quote that opens at `start` is closed; -1 when it is not. */
function closingQuote(line: string, start: number): number {
  for (let at = start + 1; at < line.length; at++) {
    const code = line.charCodeAt(at);
    if (code === 34) return at;
    if (code !== 92) continue;
    const next = line.charCodeAt(at + 1);
    if (next === 92 || next === 34) at++;
  }
  return -1;
}

/** Only `\\\\` and `\\"` are escapes. */
function unescaped(text: string): string {
  return text.includes("\\") ? text.replaceAll(/\\([\\"])/g, "$1") : text;
}

function refuse(
  lexer: Lexer,
  code: "CONFIG_INVALID" | "CONFIG_TRUNCATED",
  why: string,
  line: number,
  column?: number,
): void {
  if (lexer.broken.length >= mostFaults) return;
  const { file } = lexer;
  const place = { file, line, ...(column === undefined ? {} : { column }) };
  lexer.broken.push(new Fault(code, `cannot read ${file}`, { why, place }));
}
