import { statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { Fault } from "@lithify/fault";
import {
  type LintFinding,
  type LintReport,
  lintConfiguration,
  loadConfiguration,
} from "@lithify/gateway";
import type { CommandSpec } from "../command.ts";
import type { Style } from "../style.ts";

export const command: CommandSpec = {
  args: "[directory]",
  options: [
    { flags: "--objects", about: "one line for each object: served, tolerated, unsupported" },
  ],
  examples: ["lithify gateway lint examples/echo-gateway/src"],
  async run(context, args, options) {
    const root = configurationRoot(context.cwd, args[0] ?? ".");
    const report = lintConfiguration(loadConfiguration(root));
    refuseUnreadable(report, context.cwd, root);
    return {
      exitCode: report.servable ? 0 : 1,
      document: report,
      lines: lintLines(report, {
        style: context.style,
        cwd: context.cwd,
        root,
        withObjects: options.isSet("objects"),
      }),
    };
  },
};

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
  const place = ({ file, line }: LintFinding["origin"]): string =>
    `${relative(options.cwd, join(options.root, file))}:${line}`;
  return [
    ...report.findings.map((finding) => {
      const mark = { error: style.bad, warning: style.warn, note: style.dim }[finding.severity];
      const object = finding.object === undefined ? "" : `${finding.object}: `;
      return `${place(finding.origin)}: ${mark(finding.severity)}: ${object}${finding.message}`;
    }),
    ...(options.withObjects
      ? report.objects.map(
          (one) => `${place(one.origin)}: ${one.answer}: ${one.domain}/${one.object}`,
        )
      : []),
    `${report.servable ? style.good("servable") : style.bad("not servable")}  ${summary || "no objects"}`,
  ];
}
