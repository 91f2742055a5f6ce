import { statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { Fault } from "@lithify/fault";
import {
  type Configuration,
  junitOf,
  type LintFinding,
  type LintReport,
  lintConfiguration,
  loadConfiguration,
  loadConfigurationFile,
} from "@lithify/gateway";
import type { CommandSpec } from "../command.ts";
import type { Style } from "../style.ts";

export const command: CommandSpec = {
  args: "[configuration]",
  options: [
    { flags: "--strict", about: "exit code 1 on warnings as well" },
    { flags: "--format <format>", about: "text, json, sarif or junit" },
    { flags: "--ignore <rule>", about: "leave out what this rule finds", isList: true },
    { flags: "--objects", about: "one line for each object: served, tolerated, unsupported" },
  ],
  examples: [
    "lithify gateway lint examples/echo-gateway/src",
    "lithify gateway lint saved.cfg --ignore GW-UNUSED",
  ],
  async run(context, args, options) {
    const configuration = openAny(context.cwd, args[0] ?? ".");
    const { root } = configuration;
    const whole = lintConfiguration(configuration);
    const unreadable = whole.findings.filter(({ rule }) => rule === "GW-UNREADABLE");
    // the fault names the first alone
    for (const { origin, message } of unreadable.length > 1 ? unreadable : []) {
      const file = relative(context.cwd, join(root, origin.file));
      context.progress.note(`${file}:${origin.line}: ${message}`);
    }
    refuseUnreadable(whole, context.cwd, root);
    const ignored = new Set(options.list("ignore"));
    const findings = whole.findings.filter(({ rule }) => !ignored.has(rule));
    const report = { ...whole, findings };
    const isFound = report.findings.some(
      ({ severity }) => severity === "error" || (severity === "warning" && options.isSet("strict")),
    );
    const place = (file: string): string => relative(context.cwd, join(root, file));
    return {
      exitCode: report.servable && !isFound ? 0 : 1,
      document: report,
      lines: formatted(options.text("format") ?? "text", report, place, () =>
        lintLines(report, {
          style: context.style,
          cwd: context.cwd,
          root,
          withObjects: options.isSet("objects"),
        }),
      ),
    };
  },
};

/** @throws Fault USAGE */
function formatted(
  format: string,
  report: LintReport,
  place: (file: string) => string,
  text: () => readonly string[],
): readonly string[] {
  if (format === "text") return text();
  if (format === "json") return [JSON.stringify(report)];
  if (format === "sarif") return [JSON.stringify(sarifOf(report.findings, place), undefined, 2)];
  if (format !== "junit") {
    throw new Fault("USAGE", `the format ${format}`, {
      why: "it is none of text, json, sarif, junit",
    });
  }
  const cases = report.objects.map(({ domain, object }) => ({
    suite: domain,
    name: object,
    failures: report.findings
      .filter((each) => each.domain === domain && each.object === object)
      .filter(({ severity }) => severity !== "note")
      .map(({ rule, message, origin }) => {
        return `${rule}: ${message}\n${place(origin.file)}:${origin.line}`;
      }),
  }));
  return [junitOf(cases).trimEnd()];
}

/** SARIF 2.1.0: one result per finding, with its place relative to where the command runs. */
function sarifOf(findings: readonly LintFinding[], place: (file: string) => string): unknown {
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "lithify gateway lint",
            rules: [...new Set(findings.map(({ rule }) => rule))].sort().map((id) => ({ id })),
          },
        },
        results: findings.map(({ rule, severity, object, message, origin }) => ({
          ruleId: rule,
          level: severity,
          message: { text: object === undefined ? message : `${object}: ${message}` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: place(origin.file) },
                region: { startLine: origin.line, startColumn: origin.column ?? 1 },
              },
            },
          ],
        })),
      },
    ],
  };
}

/** A tree, or one .cfg file by itself. @throws Fault USAGE, CONFIG_MISSING */
function openAny(cwd: string, path: string): Configuration {
  const place = resolve(cwd, path);
  return statSync(place, { throwIfNoEntry: false })?.isFile() === true
    ? loadConfigurationFile(place)
    : loadConfiguration(configurationRoot(cwd, path));
}

/** The directory that holds config/ and local/. @throws Fault USAGE */
export function configurationRoot(cwd: string, directory: string): string {
  const root = resolve(cwd, directory);
  const isThere = statSync(root, { throwIfNoEntry: false })?.isDirectory() === true;
  if (isThere) return root;
  throw new Fault("USAGE", "the configuration directory", {
    why: "there is no such directory",
    values: { directory: root },
  });
}

/** What cannot be read as configuration is wrong input, not a finding: nothing more can be said about it. @throws Fault */
export function refuseUnreadable(report: LintReport, cwd: string, root: string): void {
  const found = report.findings.find((one) => one.severity === "error" && one.code !== undefined);
  if (found?.code === undefined) return;
  const { file, line } = found.origin;
  throw new Fault(found.code, `the configuration of the domain ${found.domain}`, {
    why: found.message,
    place: { file: relative(cwd, join(root, file)), line },
  });
}

function lintLines(
  report: LintReport,
  options: {
    readonly style: Style;
    readonly cwd: string;
    readonly root: string;
    readonly withObjects: boolean;
  },
): readonly string[] {
  const { style } = options;
  const counts = new Map<string, number>();
  for (const { answer } of report.objects) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  const summary = [...counts].map(([answer, count]) => `${count} ${answer}`).join(", ");
  const place = ({ file, line, column }: LintFinding["origin"]): string =>
    `${relative(options.cwd, join(options.root, file))}:${line}${column === undefined ? "" : `:${column}`}`;
  return [
    ...report.findings.map((finding) => {
      const mark = { error: style.bad, warning: style.warn, note: style.dim }[finding.severity];
      const object = finding.object === undefined ? "" : `${finding.object}: `;
      return `${place(finding.origin)}: ${mark(finding.severity)}: ${object}${finding.message} ${style.dim(`[${finding.rule}]`)}`;
    }),
    ...(options.withObjects
      ? report.objects.map(
          (one) => `${place(one.origin)}: ${one.answer}: ${one.domain}/${one.object}`,
        )
      : []),
    `${report.servable ? style.good("servable") : style.bad("not servable")}  ${summary || "no objects"}; ${findingsText(report)}`,
  ];
}

/** `1 error, 2 warnings`, or that there is nothing. */
function findingsText({ findings }: LintReport): string {
  const parts = (["error", "warning", "note"] as const).flatMap((severity) => {
    const count = findings.filter((each) => each.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? "" : "s"}`];
  });
  return parts.join(", ") || "nothing found";
}
