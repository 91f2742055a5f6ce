import { visible } from "@lithify/fault";
import type { Finding } from "../access/finding.ts";
import { ruleAbout } from "./about.ts";

/** Paths of one finding that a machine's report names before the rest is counted. */
const namedPaths = 20;

/** A finding in one paragraph: what, who, and the witness. */
export function findingText(finding: Finding): string {
  const also = finding.alsoPaths ?? [];
  const more = also.length === 0 ? "" : ` and ${also.length} more with the same cause`;
  const where = finding.place === undefined ? "" : ` (${placeText(finding.place)})`;
  return visible(
    `${finding.path}${more}: ${ruleAbout(finding.rule).title}. As ${finding.identity}${where}: ${finding.witness.join("; ")}. ${waiverText(finding)}`.trim(),
  );
}

/** `deployment.yaml:12:7`, as editors understand it. */
export function placeText({ file, line, column }: NonNullable<Finding["place"]>): string {
  return `${file}:${line}:${column}`;
}

/** What the policy's waiver says of a finding; empty without one. */
export function waiverText(finding: Finding): string {
  if (finding.waived !== undefined) {
    return visible(`Waived until ${finding.waived.expires}: ${finding.waived.reason}`);
  }
  if (finding.expired === undefined) return "";
  return visible(
    `The waiver expired on ${finding.expired.expires} and holds no longer: ${finding.expired.reason}`,
  );
}

/** The paths of a finding, the first ones by name. */
export function pathLines(finding: Finding): readonly string[] {
  const paths = [finding.path, ...(finding.alsoPaths ?? [])];
  const rest = paths.length - namedPaths;
  const shown = paths.slice(0, namedPaths).map(visible);
  return rest > 0 ? [...shown, `… and ${rest} more`] : shown;
}
