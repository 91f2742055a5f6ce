// `npm run check`: the one gate. Runs every check and says which failed; exit code 1 when any did.
import { run } from "./run.ts";

const checks: ReadonlyArray<readonly [name: string, command: string, args: readonly string[]]> = [
  ["format and lint", "biome", ["check", "--error-on-warnings", "."]],
  ["types", "tsc", ["-p", "."]],
  ["layers, sizes, pages", "vitest", ["run", "--project", "unit", "package-order", "house.test"]],
  ["unused", "knip", []],
  ["generated pages", "node", ["scripts/docs.ts", "--check"]],
];

const failed = checks.filter(([name, command, args]) => {
  process.stdout.write(`\n── ${name}\n`);
  return run(command, args) !== 0;
});
process.stdout.write(
  failed.length === 0
    ? `\n${checks.length} checks passed\n`
    : `\n${failed.length} of ${checks.length} checks failed: ${failed.map(([name]) => name).join("; ")}\n`,
);
process.exit(failed.length === 0 ? 0 : 1);
