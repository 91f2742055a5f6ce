import { type Judged, openFindings } from "./judge.ts";

/** What `lithify learn` found. */
export interface Learned {
  readonly confirmed: boolean;
  readonly mounts: readonly { readonly path: string; readonly hides: readonly string[] }[];
}

export interface ImageResult {
  readonly learned?: Learned & { readonly requests: readonly string[] };
  readonly name: string;
  readonly what: string;
  readonly objects: number;
  readonly identities: readonly {
    readonly name: string;
    readonly uid: number;
    readonly gid: number;
  }[];
  readonly findings: readonly Judged[];
  readonly attempts: number;
  readonly disagreements: number;
  readonly residue: number;
  readonly sealed: readonly Judged[];
  readonly sealedAttempts: number;
  readonly sealedAllowed: number;
}

/** docs/stock-images.md. */
export function stockReport(results: readonly ImageResult[]): string {
  const all = results.flatMap(({ findings }) => findings);
  const confirmed = all.filter(({ allowed }) => allowed.length > 0).length;
  return `# Stock images: every finding explained

Written by \`node bench/stock/main.ts\`; explanations are by hand (\`bench/stock/explanations.ts\`). The images are made on
the spot from Debian's packages, as somebody makes them who does not think of immutability; policy: nothing is writable. Each is
audited and proved for four identities: its USER; its USER without no_new_privs, as \`docker run\` without options starts it;
OpenShift's arbitrary uid with gid 0; root.

${all.length} findings; ${confirmed} of them the proof confirmed by doing what they say, ${all.length - confirmed} are confirmed by
what stands beside them. ${openFindings(all).length} are open; ${count(results)} attempts contradicted the audit.

| image | objects | findings | attempts of the proof | against the audit | left behind | findings when sealed |
| --- | --- | --- | --- | --- | --- | --- |
${results.map(summaryRow).join("\n")}

The last column is without root. It names what a seal by the image's own policy leaves: the policy declares the writable paths.
${results.map(section).join("")}`;
}

function count(results: readonly ImageResult[]): number {
  return results.reduce((sum, { disagreements }) => sum + disagreements, 0);
}

function summaryRow(one: ImageResult): string {
  const cells = [
    `[${one.name}](#${one.name})`,
    one.objects,
    one.findings.length,
    one.attempts + one.sealedAttempts,
    one.disagreements,
    one.residue,
    one.sealed.length,
  ];
  return `| ${cells.join(" | ")} |`;
}

function section(one: ImageResult): string {
  const identities = one.identities.map(({ name, uid, gid }) => `\`${name}\` (${uid}:${gid})`);
  return `
## ${one.name}

${one.what[0]?.toUpperCase()}${one.what.slice(1)}. Identities: ${identities.join(", ")}.

${findingRows(one.findings)}
${learnedText(one.learned)}Sealed: ${one.sealedAttempts} attempts, ${one.sealedAllowed} allowed.
${one.sealed.length === 0 ? "" : `\n${findingRows(one.sealed)}`}`;
}

function learnedText(learned: ImageResult["learned"]): string {
  if (learned === undefined) return "";
  const mounts = learned.mounts.map(
    ({ path, hides }) =>
      `\`${path}\`${hides.length === 0 ? "" : ` (hides ${hides.map((each) => `\`${each}\``).join(", ")})`}`,
  );
  const found = mounts.length === 0 ? "nothing" : mounts.join(", ");
  const requests = learned.requests.map((each) => `\`${each}\``).join(", ");
  return `\`lithify learn\` with ${requests}: it must write ${found}; read-only with these it ${learned.confirmed ? "works" : "**does not work**"}.\n\n`;
}

/** Findings of one rule at one place share a row, whoever has them. */
function findingRows(findings: readonly Judged[]): string {
  if (findings.length === 0) return "No findings.\n";
  const groups = Map.groupBy(findings, ({ rule, path }) => `${rule} ${path}`);
  const rows = [...groups.values()].map((group) => {
    const [first] = group as [Judged, ...Judged[]];
    const who = [...new Set(group.map(({ identity }) => `\`${identity}\``))].join(", ");
    const done = [...new Set(group.flatMap(({ allowed }) => allowed))];
    const proof = done.length > 0 ? done.join(", ") : (first.reason ?? "**nothing**");
    const objects = Math.max(...group.map((each) => each.objects));
    return `| ${first.rule} | \`${first.path}\` | ${objects} | ${who} | ${proof} | ${first.explanation ?? "**not explained**"} |`;
  });
  return `| rule | first object | objects | by | confirmed by | why |
| --- | --- | --- | --- | --- | --- |
${rows.join("\n")}

`;
}
