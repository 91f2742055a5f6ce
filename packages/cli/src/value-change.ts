/**
 * How a value of a configuration has become another, in lines: `was → is`; of a list only the
 * entries that went (`-`) and came (`+`), or that their order is another. `undefined` is not set.
 */
export function valueChange(was: unknown, is: unknown): readonly string[] {
  if (!Array.isArray(was) || !Array.isArray(is)) return [`${valueText(was)} → ${valueText(is)}`];
  const [before, after] = [was.map(valueText), is.map(valueText)];
  const gone = without(before, after).map((entry) => `- ${entry}`);
  const came = without(after, before).map((entry) => `+ ${entry}`);
  if (gone.length + came.length > 0) return [...gone, ...came];
  return [`in another order: ${before.join(", ")} → ${after.join(", ")}`];
}

/** An entry with fields is shown as its line in a configuration would be. */
function valueText(value: unknown): string {
  if (value === undefined) return "(not set)";
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return JSON.stringify(value);
  }
  return Object.values(value)
    .map((field) => (typeof field === "string" && field !== "" ? field : JSON.stringify(field)))
    .join(" ");
}

/** The entries of a list that another does not have, as often as it does not have them. */
function without(entries: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return entries.filter((entry) => {
    const at = left.indexOf(entry);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
