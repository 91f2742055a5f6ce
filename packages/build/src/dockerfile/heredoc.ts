import type { Heredoc } from "./instruction.ts";
import { quotedWords } from "./words.ts";

/** The here-documents that a line opens, in order, without their content. */
export function heredocsOf(line: string, escaping: string): readonly HeredocStart[] {
  const starts: HeredocStart[] = [];
  for (const { text, start } of quotedWords(line, escaping)) {
    const match = /^\d*<<(-?)([^<]+)$/.exec(text);
    if (match === null) continue;
    const written = match[2] ?? "";
    const name = written.replace(/["']/g, "");
    if (name === "" || /\s/.test(name)) continue;
    starts.push({
      name,
      word: text,
      start,
      chomps: match[1] === "-",
      expands: !/["']/.test(written),
    });
  }
  return starts;
}

export interface HeredocStart {
  readonly name: string;
  readonly word: string;
  /** Where the word begins in the line. */
  readonly start: number;
  readonly chomps: boolean;
  readonly expands: boolean;
}

/** Reads the lines of one here-document; undefined when its closing line is missing. */
export function readHeredoc(
  source: string,
  position: number,
  start: HeredocStart,
): { readonly heredoc: Heredoc; readonly end: number } | undefined {
  let content = "";
  let raw = "";
  let at = position;
  while (at < source.length) {
    const newline = source.indexOf("\n", at);
    const end = newline < 0 ? source.length : newline + 1;
    const line = source.slice(at, end);
    at = end;
    const shown = start.chomps ? line.replace(/^\t+/, "") : line;
    if (shown.replace(/\r?\n$/, "") === start.name) {
      const { name, word, expands } = start;
      return { heredoc: { name, word, content, raw, expands }, end: at };
    }
    raw += line;
    content += shown;
  }
  return undefined;
}
