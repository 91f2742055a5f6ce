/** A logical line and, for every character of it, the offset in the file it was read from. */
export interface LogicalLine {
  readonly text: string;
  readonly offsets: readonly number[];
  /** Where reading stopped: the first character after the line's last newline. */
  readonly end: number;
}

/**
 * Joins continuation lines as BuildKit's parser does: an escape character before the end of a line that does
 * not itself follow one; comment lines and blank lines in between are left out.
 */
export function readLogicalLine(source: string, start: number, escaping: string): LogicalLine {
  const offsets: number[] = [];
  let text = "";
  let position = start;
  let first = true;
  while (position < source.length) {
    const newline = source.indexOf("\n", position);
    const end = newline < 0 ? source.length : newline;
    const line = source.slice(position, end).replace(/\r$/, "");
    const lineStart = position;
    position = newline < 0 ? source.length : newline + 1;
    if (!first && (/^\s*#/.test(line) || line.trim() === "")) continue;
    first = false;
    const kept = withoutContinuation(line, escaping);
    text += kept ?? line;
    for (let i = 0; i < (kept ?? line).length; i++) offsets.push(lineStart + i);
    if (kept === undefined) break;
  }
  return { text, offsets, end: position };
}

function withoutContinuation(line: string, escaping: string): string | undefined {
  const trimmed = line.replace(/[ \t]+$/, "");
  if (!trimmed.endsWith(escaping)) return undefined;
  const kept = trimmed.slice(0, -1);
  return kept.endsWith(escaping) ? undefined : kept;
}
