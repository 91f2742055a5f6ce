/** One case or finding as JUnit has it. */
export interface JunitCase {
  readonly suite: string;
  readonly name: string;
  readonly seconds?: number;
  /** Empty when it passed. */
  readonly failures: readonly string[];
}

/**
 * A JUnit document, a suite per file, in the form that readers of it have in common: counts and times
 * on both levels, a type on each failure. Nothing is an error or skipped: a case passes or fails.
 */
export function junitOf(cases: readonly JunitCase[]): string {
  const suites = [...Map.groupBy(cases, ({ suite }) => suite)].map(
    ([name, members]) =>
      `  <testsuite name="${escaped(name)}" ${countsOf(members)} skipped="0">\n${members.map(caseOf).join("")}  </testsuite>\n`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${countsOf(cases)}>\n${suites.join("")}</testsuites>\n`;
}

function countsOf(cases: readonly JunitCase[]): string {
  const failed = cases.filter(({ failures }) => failures.length > 0).length;
  const seconds = cases.reduce((sum, { seconds = 0 }) => sum + seconds, 0);
  return `tests="${cases.length}" failures="${failed}" errors="0" time="${seconds.toFixed(3)}"`;
}

function caseOf({ suite, name, seconds, failures }: JunitCase): string {
  const time = seconds === undefined ? "" : ` time="${seconds.toFixed(3)}"`;
  const open = `    <testcase classname="${escaped(suite)}" name="${escaped(name)}"${time}`;
  if (failures.length === 0) return `${open}/>\n`;
  const parts = failures.map((text) => {
    const message = escaped(text.split(/\r?\n/)[0]!);
    return `      <failure type="failure" message="${message}">${escaped(text)}</failure>\n`;
  });
  return `${open}>\n${parts.join("")}    </testcase>\n`;
}

/** Characters that XML does not have become `?`. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "?")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\r", "&#13;")
    .replaceAll("\n", "&#10;");
}
