import { readdirSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { Fault, isFault } from "@lithify/fault";
import { type CaseResult, junitOf, openLog, readCases, runCases } from "@lithify/gateway";
import type { CommandSpec, Options } from "../command.ts";
import type { Context, Outcome } from "../context.ts";
import { numberOf } from "../numbers.ts";
import type { Style } from "../style.ts";
import { nextChange } from "../watch-paths.ts";
import { configurationRoot } from "./gateway-lint.ts";

export const command: CommandSpec = {
  args: "[directory]",
  options: [
    { flags: "--cases <path>", about: "a file or directory of cases (tests/, or ../tests/)" },
    { flags: "--only <text>", about: "only cases with this in their name" },
    { flags: "--parallel <count>", about: "gateways side by side (4)" },
    { flags: "--format <format>", about: "text or junit" },
    { flags: "-w, --watch", about: "run again at every change of the configuration or a case" },
    { flags: "--log", about: "the gateways' log on standard error" },
  ],
  examples: ["lithify gateway test src", "lithify gateway test src --format junit"],
  async run(context, args, options) {
    const root = configurationRoot(context.cwd, args[0] ?? ".");
    const format = options.text("format") ?? "text";
    if (format !== "text" && format !== "junit") {
      throw new Fault("USAGE", `the format ${format}`, { why: "it is neither text nor junit" });
    }
    if (!options.isSet("watch"))
      return outcomeOf(await runOnce(context, root, options), format, context);
    if (context.isJson || format === "junit") {
      throw new Fault("USAGE", "--watch", { why: "it prints again and again, as text only" });
    }
    for (;;) {
      // watched from before the run, so that a change during it counts
      const change = nextChange(watched(context.cwd, root, options.text("cases")), context.signal);
      const { lines, exitCode } = await attempt(context, root, options);
      for (const line of lines) context.print(line);
      context.progress.note("waiting for changes");
      if (!(await change)) return { exitCode, document: {}, lines: [] };
    }
  },
};

interface Run {
  readonly results: readonly CaseResult[];
  /** Cases that were to be run. */
  readonly count: number;
}

async function runOnce(context: Context, root: string, options: Options): Promise<Run> {
  const only = options.text("only") ?? "";
  const cases = caseFiles(context.cwd, root, options.text("cases"))
    .flatMap((file) => readCases(file, relative(context.cwd, file)))
    .filter(({ name }) => name.includes(only));
  const write = options.isSet("log") ? context.progress.note : () => {};
  const results = await runCases({
    root,
    cases,
    parallel: numberOf(options, "parallel", "4", 1, 64),
    log: openLog((line) => write(line.trimEnd()), "debug"),
    signal: context.signal,
  });
  return { results, count: cases.length };
}

function outcomeOf({ results, count }: Run, format: string, context: Context): Outcome {
  const failed = results.filter(({ passed }) => !passed).length;
  return {
    exitCode: failed === 0 && results.length === count ? 0 : 1,
    document: { cases: results, passed: results.length - failed, failed },
    lines: format === "junit" ? [junitText(results)] : textLines(results, context.style),
  };
}

/** While watching, a file that cannot be read is something to mend, not the end. */
async function attempt(
  context: Context,
  root: string,
  options: Options,
): Promise<Pick<Outcome, "exitCode" | "lines">> {
  try {
    return outcomeOf(await runOnce(context, root, options), "text", context);
  } catch (error) {
    if (!isFault(error)) throw error;
    const place = error.place === undefined ? "" : `${error.place.file}:${error.place.line}: `;
    return { exitCode: 1, lines: [context.style.bad(`${place}${error.code} ${error.message}`)] };
  }
}

/** The configuration, and where its cases are. */
function watched(cwd: string, root: string, given: string | undefined): readonly string[] {
  const cases =
    given === undefined ? ["tests", "../tests"].map((name) => join(root, name)) : [given];
  const places = [
    join(root, "config"),
    join(root, "local"),
    ...cases.map((path) => resolve(cwd, path)),
  ];
  return places.filter((place) => statSync(place, { throwIfNoEntry: false }) !== undefined);
}

/** Every .yaml and .yml file, in order of names. @throws Fault USAGE when there is none */
function caseFiles(cwd: string, root: string, given: string | undefined): readonly string[] {
  const places =
    given === undefined ? [join(root, "tests"), join(root, "../tests")] : [resolve(cwd, given)];
  for (const place of places) {
    const found = statSync(place, { throwIfNoEntry: false });
    if (found?.isFile() === true) return [place];
    if (found?.isDirectory() !== true) continue;
    const files = readdirSync(place, { recursive: true, encoding: "utf8" })
      .filter((name) => /\.ya?ml$/.test(name))
      .sort()
      .map((name) => join(place, name));
    if (files.length > 0) return files;
  }
  throw new Fault("USAGE", "the cases", {
    why: `there is no .yaml file in ${places.join(" or ")}`,
    hint: "name a file or a directory with --cases",
  });
}

function textLines(results: readonly CaseResult[], style: Style): readonly string[] {
  const lines: string[] = [];
  for (const { name, passed, seconds, failures } of results) {
    const mark = passed ? style.good("pass") : style.bad("fail");
    lines.push(`${mark}  ${name} ${style.dim(`(${(seconds * 1000).toFixed(0)} ms)`)}`);
    for (const { what, expected, actual, place } of failures) {
      lines.push(`      ${place.file}:${place.line}:${place.column ?? 1}: ${what}`);
      lines.push(`        expected ${expected}`, `        got      ${actual}`);
    }
  }
  const failed = results.filter(({ passed }) => !passed).length;
  const verdict = `${results.length - failed} passed, ${failed} failed`;
  return [...lines, failed === 0 ? style.good(verdict) : style.bad(verdict)];
}

function junitText(results: readonly CaseResult[]): string {
  return junitOf(
    results.map(({ file, name, seconds, failures }) => ({
      suite: file,
      name,
      seconds,
      failures: failures.map(
        ({ what, expected, actual, place }) =>
          `${what}: expected ${expected}, got ${actual}\n${place.file}:${place.line}:${place.column ?? 1}`,
      ),
    })),
  ).trimEnd();
}
