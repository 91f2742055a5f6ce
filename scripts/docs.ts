// Writes docs/faults/CODE.md and docs/faults.md from the table of fault codes.
// `--check` writes nothing and exits with 1 when a page is missing, stale or without a code.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { faultTable } from "../packages/fault/src/index.ts";
import { root } from "./run.ts";

const isCheck = process.argv.includes("--check");
const stale = [...pages()].filter(([path, text]) => read(path) !== text);
const orphans = readdirSync(join(root, "docs", "faults"), { withFileTypes: false })
  .map(String)
  .filter((name) => !(name.replace(/\.md$/, "") in faultTable));

if (isCheck) {
  for (const [path] of stale) process.stderr.write(`stale: ${path}; run npm run docs\n`);
  for (const name of orphans) process.stderr.write(`no such fault code: docs/faults/${name}\n`);
  process.exit(stale.length + orphans.length === 0 ? 0 : 1);
}
for (const name of orphans) rmSync(join(root, "docs", "faults", name));
for (const [path, text] of stale) {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), text);
}
process.stdout.write(`${stale.length} pages written, ${orphans.length} removed\n`);

function* pages(): Generator<readonly [path: string, text: string]> {
  const rows = Object.entries(faultTable).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [code, { exit, meaning, remedy }] of rows)
    yield [
      `docs/faults/${code}.md`,
      `# ${code}\n\n${meaning}\n\n**What to do.** ${remedy}\n\n**Exit code.** ${exit}: ${exit === 2 ? "wrong usage or wrong input" : "a fault"}.\n\nA fault prints what could not be done, why, the values involved and a hint; under \`--json\` the same as \`{"error": {"code": "${code}", "what", "why", "values", "hint", "place"}}\`.\n`,
    ];
  yield [
    "docs/faults.md",
    `# Fault codes\n\nEvery error that lithify reports has one of these codes. Made from \`packages/fault/src/codes/\` by \`npm run docs\`.\n\n| code | exit | when |\n|---|---|---|\n${rows
      .map(([code, { exit, meaning }]) => `| [${code}](faults/${code}.md) | ${exit} | ${meaning} |`)
      .join("\n")}\n`,
  ];
}

function read(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch {
    return undefined;
  }
}
