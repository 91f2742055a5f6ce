/** One case or finding as JUnit has it. */
export interface JunitCase {
  readonly suite: string;
  readonly name: string;
  readonly seconds?: number;
  /** Empty when it passed. */
  readonly failures: readonly string[];
}

/** A JUnit document, a suite per file. */
export function junitOf(cases: readonly JunitCase[]): string {
  const suites = Map.groupBy(cases, ({ suite }) => suite);
  const parts = [...suites].map(([name, members]) => {
    const failed = members.filter(({ failures }) => failures.length > 0).length;
    const body = members.map((each) => {
      const time = each.seconds === undefined ? "" : ` time="${each.seconds.toFixed(3)}"`;
      const open = `    <testcase classname="${escaped(name)}" name="${escaped(each.name)}"${time}`;
      if (each.failures.length === 0) return `${open}/>\n`;
      const failures = each.failures
        .map(
          (text) =>
            `      <failure message="${escaped(text.split("\n")[0]!)}">${escaped(text)}</failure>\n`,
        )
        .join("");
      return `${open}>\n${failures}    </testcase>\n`;
    });
    return `  <testsuite name="${escaped(name)}" tests="${members.length}" failures="${failed}">\n${body.join("")}  </testsuite>\n`;
  });
  const failed = cases.filter(({ failures }) => failures.length > 0).length;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites tests="${cases.length}" failures="${failed}">\n${parts.join("")}</testsuites>\n`;
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
    .replaceAll("\n", "&#10;");
}
