import { visible } from "@lithify/fault";
import type { Finding } from "../access/finding.ts";
import type { AuditReport } from "../audit/audit.ts";
import type { RuleCode } from "../policy/rule-codes.ts";
import { ruleTable } from "../rules/rule-table.ts";
import { placeText } from "./sentences.ts";

/** Paths of one finding that are shown before the rest is counted. */
const shownPaths = 3;

/**
 * An audit for the terminal: the answer, then for each identity its findings with the first
 * witness and the fix, then what is not proven. Ends with a newline.
 */
export function auditText(report: AuditReport, options: { readonly color: boolean }): string {
  const paint = options.color ? ansi : plain;
  const lines = [
    answerLine(report, paint),
    "",
    ...launchLines(report, paint),
    ...worstLines(report, paint),
  ];
  for (const group of groupsOf(report)) {
    lines.push(...group.identities.map((identity) => identityLine(identity, paint)));
    if (group.findings.length === 0) lines.push(`  ${paint.green("can change nothing")}`);
    for (const finding of group.findings) lines.push(...findingLines(finding, paint));
    lines.push("");
  }
  lines.push(paint.dim(`Not proven (${report.notProven.length}):`));
  lines.push(...report.notProven.map((sentence) => paint.dim(`  - ${sentence}`)));
  return `${lines.join("\n")}\n`;
}

interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
}

function answerLine(report: AuditReport, paint: Paint): string {
  const open = report.findings.filter((finding) => finding.waived === undefined).length;
  const waived = report.findings.length - open;
  const extra = waived === 0 ? "" : `, ${waived} waived`;
  const counts = `${report.objects} protected objects, ${open} ${open === 1 ? "finding" : "findings"}${extra}, ${report.seconds} s`;
  return report.immutable
    ? `${paint.green("immutable")}  ${report.image}  ${counts}`
    : `${paint.red("not immutable")}  ${report.image}  ${counts}`;
}

interface Group {
  readonly identities: AuditReport["identities"];
  readonly findings: readonly Finding[];
}

/** Identities that can do the same share one paragraph; the witness is the first one's. */
function groupsOf(report: AuditReport): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const identity of report.identities) {
    const findings = report.findings.filter((finding) => finding.identity === identity.name);
    const key = JSON.stringify(
      findings.map(({ rule, path, alsoPaths }) => [rule, path, alsoPaths]),
    );
    const identities = [...(groups.get(key)?.identities ?? []), identity];
    groups.set(key, { findings: groups.get(key)?.findings ?? findings, identities });
  }
  return [...groups.values()];
}

function identityLine(identity: AuditReport["identities"][number], paint: Paint): string {
  const groups = identity.groups.length === 0 ? "none" : identity.groups.join(",");
  const held = identity.capabilities.length;
  const capabilities =
    held === 0 ? "" : `, ${held > 3 ? `${held} capabilities` : identity.capabilities.join(" ")}`;
  const escalation = identity.noNewPrivileges ? "" : ", no_new_privs off";
  return `${paint.bold(visible(identity.name))}  uid ${identity.uid}, gid ${identity.gid}, groups ${groups}${capabilities}${escalation}`;
}

/** What each launch does to the seal. */
function launchLines({ launches = [] }: AuditReport, paint: Paint): readonly string[] {
  if (launches.length === 0) return [];
  const row = ({ name, place, keepsSeal, findings }: (typeof launches)[number]) => {
    const where = paint.dim(`(${visible(placeText(place))})`);
    return keepsSeal
      ? `${paint.green("keeps the seal")}  ${visible(name)} ${where}`
      : `${paint.red("undoes the seal")}  ${visible(name)} ${where}: ${findings} ${findings === 1 ? "finding" : "findings"}`;
  };
  return [...launches.map(row), ""];
}

/** With several identities: what any of them can change, a line for each rule. */
function worstLines(report: AuditReport, paint: Paint): readonly string[] {
  if (report.identities.length < 2 || report.worst.length === 0) return [];
  const row = (one: AuditReport["worst"][number]) => {
    const objects = `${one.objects} ${one.objects === 1 ? "object" : "objects"}`;
    const who =
      one.identities.length === report.identities.length
        ? "every identity"
        : one.identities.join(", ");
    const code = one.waived ? paint.yellow(one.rule) : paint.red(one.rule);
    return `  ${code}  ${objects}, ${visible(one.path)} first, by ${who}`;
  };
  return [paint.bold("Worst case"), ...report.worst.map(row), ""];
}

function findingLines(finding: Finding, paint: Paint): readonly string[] {
  const code = finding.waived === undefined ? paint.red(finding.rule) : paint.yellow(finding.rule);
  const { waived: held, expired } = finding;
  const waived =
    held !== undefined
      ? [`      waived until ${held.expires}: ${held.reason}`]
      : expired !== undefined
        ? [`      ${paint.red(`its waiver expired on ${expired.expires}`)}: ${expired.reason}`]
        : [];
  return [
    `  ${code}  ${pathsText(finding)}: ${titleOf(finding.rule)}`,
    ...(finding.place === undefined ? [] : [`      at ${visible(placeText(finding.place))}`]),
    ...finding.witness.map((step) => `      ${visible(step)}`),
    ...waived,
    `      ${paint.dim(`fix: ${finding.fix}`)}`,
  ];
}

function titleOf(code: RuleCode): string {
  return ruleTable[code].title;
}

function pathsText(finding: Finding): string {
  const paths = [finding.path, ...(finding.alsoPaths ?? [])].map(visible);
  const shown = paths.slice(0, shownPaths).join(", ");
  return paths.length > shownPaths ? `${shown} and ${paths.length - shownPaths} more` : shown;
}

const plain: Paint = {
  bold: (text) => text,
  dim: (text) => text,
  red: (text) => text,
  green: (text) => text,
  yellow: (text) => text,
};

const ansi: Paint = {
  bold: (text) => `\u001b[1m${text}\u001b[22m`,
  dim: (text) => `\u001b[2m${text}\u001b[22m`,
  red: (text) => `\u001b[31m${text}\u001b[39m`,
  green: (text) => `\u001b[32m${text}\u001b[39m`,
  yellow: (text) => `\u001b[33m${text}\u001b[39m`,
};
