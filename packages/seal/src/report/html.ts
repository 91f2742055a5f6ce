import type { Finding } from "../access/finding.ts";
import type { AuditReport } from "../audit/audit.ts";
import type { SealPlan } from "../sealing/plan.ts";
import { type ReportAbout, ruleAbout } from "./about.ts";
import { escaped } from "./escaped.ts";
import { stylesheet } from "./html-style.ts";
import { treeSection } from "./html-tree.ts";
import { placeText, waiverText } from "./sentences.ts";

/** Paths of one finding, and changes of a plan, that the page lists before it counts the rest. */
const listed = 200;

/** The audit as one page that needs nothing else: no script, no other resource. */
export function auditHtml(report: AuditReport, about: ReportAbout): string {
  const verdict = verdictOf(report);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(about.image)}: ${verdict}</title>
<style>${stylesheet}</style>
</head>
<body>
<header class="${report.immutable ? "good" : "bad"}">
<p class="eyebrow">lithify audit</p>
<h1>${escaped(about.image)} is <strong>${verdict}</strong></h1>
<p>${countsOf(report)}</p>
<dl>
<dt>Image</dt><dd><code>${escaped(report.image)}</code></dd>
<dt>Policy</dt><dd>${escaped(about.source)}</dd>
<dt>Audited</dt><dd><time datetime="${about.at.toISOString()}">${about.at.toISOString().slice(0, 16).replace("T", " ")} UTC</time> by lithify ${escaped(about.version)}</dd>
</dl>
</header>
<main>
${launchesSection(report)}
${identitiesSection(report)}
${findingsSection(report)}
${about.tree === undefined || about.policy === undefined ? "" : treeSection(about.tree, about.policy, report.findings)}
${about.plan === undefined ? "" : planSection(about.plan)}
${waiversSection(report, about)}
<section><h2>Not proven</h2>
<p>What a static look cannot decide, or leaves to how the image is run.</p>
<ul>${report.notProven.map((sentence) => `<li>${withCode(sentence)}</li>`).join("")}</ul></section>
</main>
</body>
</html>
`;
}

/** An image that only a launch undoes is not to blame itself. */
function verdictOf({ immutable, launches = [], findings }: AuditReport): string {
  if (immutable) return "immutable";
  const started = new Set(launches.map(({ name }) => name));
  const own = findings.filter(
    ({ identity, waived }) => waived === undefined && !started.has(identity),
  );
  return own.length === 0 ? "not immutable as it is started" : "not immutable";
}

function countsOf({ findings, objects, identities }: AuditReport): string {
  const open = findings.filter(({ waived }) => waived === undefined);
  const causes = causesOf(open).length;
  const plural = (count: number, one: string) => `${count} ${one}${count === 1 ? "" : "s"}`;
  const found =
    open.length === 0
      ? "no open finding"
      : `${plural(causes, "root cause")}, ${plural(open.length, "open finding")}`;
  return `${objects} protected objects, ${plural(identities.length, "identity").replace("ys", "ies")}: ${found}, ${findings.length - open.length} waived.`;
}

function launchesSection({ launches = [] }: AuditReport): string {
  if (launches.length === 0) return "";
  const rows = launches.map(
    ({ name, place, keepsSeal, findings }) =>
      `<li><code>${escaped(name)}</code> <strong class="${keepsSeal ? "good" : "bad"}">${keepsSeal ? "keeps the seal" : `undoes the seal: ${findings} ${findings === 1 ? "finding" : "findings"}`}</strong> <small>${escaped(placeText(place))}</small></li>`,
  );
  return `<section><h2>How it is started</h2><ul>${rows.join("\n")}</ul></section>`;
}

function identitiesSection(report: AuditReport): string {
  const rows = report.identities.map((identity) => {
    const own = report.findings.filter((finding) => finding.identity === identity.name);
    const open = own.filter(({ waived }) => waived === undefined).length;
    const capabilities = identity.capabilities.map(escaped).join(", ") || "none";
    const answer = open === 0 ? "changes nothing" : `${open} open`;
    return `<tr><th scope="row"><code>${escaped(identity.name)}</code></th><td class="${open === 0 ? "good" : "bad"}">${answer}</td><td>${identity.uid}:${identity.gid}</td><td>${identity.groups.join(", ") || "none"}</td><td>${capabilities}</td><td>${identity.noNewPrivileges ? "on" : "off"}</td></tr>`;
  });
  const worst = report.worst.map(
    ({ rule, objects, path, identities, waived }) =>
      `<li><code>${escaped(rule)}</code> ${escaped(ruleAbout(rule).title)}: ${objects} ${objects === 1 ? "object" : "objects"}, <code>${escaped(path)}</code> first, by ${identities.map(escaped).join(", ")}${waived ? " (waived)" : ""}</li>`,
  );
  return `<section><h2>Identities</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Identities"><table><thead><tr><th scope="col">Identity</th><th scope="col">Result</th><th scope="col">uid:gid</th><th scope="col">Groups</th><th scope="col">Capabilities</th><th scope="col">no_new_privs</th></tr></thead><tbody>${rows.join("\n")}</tbody></table></div>
<h3>Worst case</h3>
${worst.length === 0 ? "<p>None of them can change a protected object.</p>" : `<ul>${worst.join("\n")}</ul>`}</section>`;
}

/** Findings of several identities with one cause share one article; the witness is the first one's. */
function findingsSection(report: AuditReport): string {
  const articles = causesOf(report.findings).map(articleOf);
  return `<section><h2>Findings by root cause</h2>
${articles.join("\n") || "<p>No findings.</p>"}</section>`;
}

function causesOf(findings: readonly Finding[]): readonly (readonly [Finding, ...Finding[]])[] {
  const groups = Map.groupBy(findings, ({ rule, path, alsoPaths, waived, place }) =>
    JSON.stringify([rule, path, alsoPaths, waived, place]),
  );
  return [...groups.values()] as [Finding, ...Finding[]][];
}

function articleOf(group: readonly [Finding, ...Finding[]]): string {
  const [finding] = group;
  const also = finding.alsoPaths ?? [];
  const waiver = waiverText(finding);
  const more =
    also.length === 0
      ? ""
      : `<details><summary>and ${also.length} more with the same cause</summary>${pathList(also)}</details>`;
  return `<article class="${finding.waived === undefined ? "open" : "waived"}">
<h3><code>${escaped(finding.path)}</code></h3>
<p><span class="rule">${escaped(finding.rule)}</span> ${escaped(ruleAbout(finding.rule).title)}</p>
${more}
<p class="who">By ${group.map(({ identity }) => `<code>${escaped(identity)}</code>`).join(", ")}</p>
${finding.place === undefined ? "" : `<p class="who">At <code>${escaped(placeText(finding.place))}</code></p>`}
<ol>${finding.witness.map((step) => `<li>${withCode(step)}</li>`).join("")}</ol>
<p class="fix"><b>Fix:</b> ${withCode(finding.fix)}</p>
${waiver === "" ? "" : `<p class="waiver">${escaped(waiver)}</p>`}
</article>`;
}

/** A sentence whose words between backticks become code. */
function withCode(sentence: string): string {
  return escaped(sentence).replace(/`([^`]*)`/gu, "<code>$1</code>");
}

function pathList(paths: readonly string[]): string {
  const rest = paths.length - listed;
  const shown = paths.slice(0, listed).map((path) => `<li><code>${escaped(path)}</code></li>`);
  if (rest > 0) shown.push(`<li>… and ${rest} more, not listed here</li>`);
  return `<ul>${shown.join("")}</ul>`;
}

function planSection(plan: SealPlan): string {
  return `<section><h2>Plan of the seal</h2>
<p>${plan.changes.size} objects change; ${plan.bytesAdded} bytes added, ${plan.bytesRewritten} rewritten.</p>
${pathList([...plan.changes.keys()])}</section>`;
}

function waiversSection(report: AuditReport, about: ReportAbout): string {
  const today = about.at.toISOString().slice(0, 10);
  const rows = (about.policy?.waive ?? []).map(({ rule, path, reason, expires }) => {
    const used = report.findings.some(
      (each) => each.waived?.reason === reason && each.rule === rule,
    );
    const state = expires < today ? "expired" : used ? "holds" : "matches no finding";
    return `<tr><th scope="row"><code>${escaped(rule)}</code></th><td><code>${escaped(path ?? "every path")}</code></td><td>${escaped(reason)}</td><td>${escaped(expires)}</td><td class="${expires < today ? "bad" : ""}">${state}</td></tr>`;
  });
  if (rows.length === 0) return "<section><h2>Waivers</h2><p>The policy has none.</p></section>";
  return `<section><h2>Waivers</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Waivers"><table><thead><tr><th scope="col">Rule</th><th scope="col">Path</th><th scope="col">Reason</th><th scope="col">Expires</th><th scope="col">State</th></tr></thead><tbody>${rows.join("\n")}</tbody></table></div></section>`;
}
