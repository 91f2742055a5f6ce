import type { Machine } from "./machine.ts";
import { median, range, ratioOf, type Samples } from "./samples.ts";

export type Unit = "s" | "ms" | "bytes" | "per second" | "count";

/** One line of a figure: what was measured, ours, and beside what. */
export interface Row {
  readonly what: string;
  readonly unit: Unit;
  /** Empty where only the peer has such a value. */
  readonly ours: Samples;
  readonly peer?: { readonly name: string; readonly samples: Samples };
}

/** What one figure found; notes say how, and what was left out. */
export interface Measured {
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
  readonly notMeasured: readonly string[];
}

/** A measured figure with the title it has in the report. */
export interface FigureResult extends Measured {
  readonly name: string;
  readonly title: string;
}

export interface Results {
  readonly machine: Machine;
  readonly figures: readonly FigureResult[];
}

const preface = `Medians; lowest to highest in brackets; in every row ours and the peer were measured by turns in one run. The
ratio is ours ÷ the peer's, the median of the rounds' ratios: below 1 is less time or fewer bytes; for requests per
second above 1 is more. Raw numbers: [results.json](results.json).`;

const repeat = `## How to repeat

\`npm run bench\` as root on Debian 12 installs what is missing and writes this file. \`npm run bench -- NAME …\`
measures only the figures named and prints them. Names: `;

/** bench/RESULTS.md. */
export function resultsPage(results: Results, names: readonly string[]): string {
  const sections = results.figures.map(figureSection);
  const missing = results.figures.flatMap((figure) =>
    figure.notMeasured.map((line) => `- ${figure.title}: ${line}`),
  );
  return `${[
    "# Results",
    "Written by `npm run bench`; not edited by hand.",
    machineSection(results.machine),
    preface,
    ...busyNote(results.machine),
    ...sections,
    "## Not measured",
    missing.length === 0 ? "Every part of these figures was measured." : missing.join("\n"),
    `${repeat}${names.map((name) => `\`${name}\``).join(", ")}.`,
  ].join("\n\n")}\n`;
}

/** A figure as a heading, its table and its notes. */
export function figureSection(figure: FigureResult): string {
  const rows = figure.rows.map((row) => {
    return [
      row.what,
      row.ours.length === 0 ? "–" : cell(row.ours, row.unit),
      row.peer?.name ?? "–",
      row.peer === undefined ? "–" : cell(row.peer.samples, row.unit),
      ratioText(row),
    ];
  });
  const table = markdownTable(["", "lithify", "peer", "peer's", "ratio"], rows, [1, 3, 4]);
  const notes = figure.notes.map((line) => `- ${line}`).join("\n");
  return [`## ${figure.title}`, ...(rows.length === 0 ? [] : [table]), notes]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** Nothing where a ratio says nothing: of counts, and over or under zero. */
function ratioText({ unit, ours, peer }: Row): string {
  if (peer === undefined || ours.length === 0 || unit === "count") return "–";
  if (Math.min(...ours, ...peer.samples) <= 0) return "–";
  const ratio = ratioOf(ours, peer.samples);
  return ratio < 0.001 ? "< 0.001" : significant(ratio);
}

/** Said when others were at work before the run began: the load at its end is the run's own, too. */
function busyNote({ load, cores }: Machine): readonly string[] {
  const before = load[0] ?? 0;
  if (before < cores / 2) return [];
  return [
    `The machine was not idle: a load average of ${before.toFixed(2)} on ${cores} cores before the run began. Times are longer and requests fewer than on an idle machine, most of all where wrk and a server need a core each; the ratios move with it.`,
  ];
}

function machineSection(machine: Machine): string {
  const rows = [
    ["date", machine.date],
    ["commit", machine.commit],
    ["processor", `${machine.processor}, ${machine.cores} cores`],
    ["memory", amount(machine.memoryBytes, "bytes")],
    ["system", `${machine.system}, kernel ${machine.kernel}`],
    ["load average at start, at end", machine.load.map((value) => value.toFixed(2)).join(", ")],
    ...Object.entries(machine.versions),
  ];
  return markdownTable(["machine", ""], rows);
}

/** `12.3 ms [11.9 – 14.0]`; one sample, or several that are equal, has no brackets. */
function cell(samples: Samples, unit: Unit): string {
  const { min, max } = range(samples);
  const middle = amount(median(samples), unit);
  return min === max ? middle : `${middle} [${amount(min, unit)} – ${amount(max, unit)}]`;
}

/** A value as people read it; bytes in powers of 1000. */
export function amount(value: number, unit: Unit): string {
  switch (unit) {
    case "s":
      return Math.abs(value) < 0.9995 ? amount(value * 1000, "ms") : `${significant(value)} s`;
    case "ms":
      return `${significant(value)} ms`;
    case "per second":
      return `${Math.round(value).toLocaleString("en-US")}/s`;
    case "count":
      return String(value);
    case "bytes":
      return byteText(value);
  }
}

function byteText(value: number): string {
  const size = Math.abs(value);
  if (size < 10_000) return `${value.toLocaleString("en-US")} B`;
  if (size < 1e6) return `${(value / 1e3).toFixed(1)} kB`;
  if (size < 1e9) return `${(value / 1e6).toFixed(1)} MB`;
  return `${(value / 1e9).toFixed(1)} GB`;
}

/** Three significant digits, never in the notation with an exponent. */
function significant(value: number): string {
  if (value === 0) return "0";
  const digits = Math.max(0, Math.min(4, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return value.toFixed(digits);
}

/** Columns padded so that the text reads as a table, too; numbers in `right` columns end together. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const clean = [head, ...rows].map((row) => row.map((text) => text.replaceAll("|", "\\|")));
  const widths = head.map((_, column) =>
    Math.max(3, ...clean.map((row) => [...(row[column] ?? "")].length)),
  );
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const padded = clean.map((row) =>
    line(
      widths.map((width, column) => {
        const text = row[column] ?? "";
        const blanks = " ".repeat(width - [...text].length);
        return right.includes(column) ? blanks + text : text + blanks;
      }),
    ),
  );
  const rule = line(
    widths.map((width, column) =>
      right.includes(column) ? `${"-".repeat(width - 1)}:` : "-".repeat(width),
    ),
  );
  return [padded[0], rule, ...padded.slice(1)].join("\n");
}
