import { styleText } from "node:util";

/** How text is marked on this terminal; every function returns the text as it is when colours are off. */
export interface Style {
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  dim(text: string): string;
  bold(text: string): string;
}

export function styleFor(isColored: boolean): Style {
  const mark =
    (format: "green" | "red" | "yellow" | "dim" | "bold") =>
    (text: string): string =>
      isColored ? styleText(format, text, { validateStream: false }) : text;
  return {
    good: mark("green"),
    bad: mark("red"),
    warn: mark("yellow"),
    dim: mark("dim"),
    bold: mark("bold"),
  };
}

/** Colours are used on a terminal unless NO_COLOR is set and not empty (no-color.org). */
export function wantsColor(env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return false;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== "0") return true;
  return isTerminal && env.TERM !== "dumb";
}

/** Rows as aligned columns, two blanks between; numbers in `right` columns end at the same place. */
export function table(
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): readonly string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [column, cell] of row.entries())
      widths[column] = Math.max(widths[column] ?? 0, width(cell));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const padding = " ".repeat((widths[column] ?? 0) - width(cell));
        return right.includes(column) ? padding + cell : cell + padding;
      })
      .join("  ")
      .trimEnd(),
  );
}

/** Bytes as people read them: 1,234 B, 12.3 kB, 1.2 MB (powers of 1000). */
export function bytes(count: number): string {
  if (count < 10_000) return `${count.toLocaleString("en-US")} B`;
  if (count < 1e6) return `${(count / 1e3).toFixed(1)} kB`;
  if (count < 1e9) return `${(count / 1e6).toFixed(1)} MB`;
  return `${(count / 1e9).toFixed(2)} GB`;
}

const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");

function width(text: string): number {
  return text.replace(escapes, "").length;
}
