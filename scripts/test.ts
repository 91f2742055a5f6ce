// `npm test [-- FILTER ...]`: unit tests, then the tests on the real system; a last line with the counts.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./run.ts";

const place = mkdtempSync(join(tmpdir(), "lithify-test-"));
const report = join(place, "report.json");
const code = run("vitest", [
  "run",
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
]);
try {
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(
    readFileSync(report, "utf8"),
  ) as Record<string, number>;
  process.stdout.write(
    `${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped\n`,
  );
} catch {
  process.stdout.write("0 passed, 0 failed\n");
} finally {
  rmSync(place, { recursive: true });
}
process.exit(code);
