import { loadXmlLibrary } from "../xml/library.ts";
import { defaultXmlLimits } from "../xml/limits.ts";
import { parseXml } from "../xml/parse.ts";
import { truthOf, XPath } from "../xml/xpath.ts";

/**
 * What is wrong with the answer to a health check, by an XPath that must find something in it:
 * what `store:///healthcheck.xsl` does. Undefined when nothing is.
 */
export async function judgeHealth(body: Uint8Array, xpath: string): Promise<string | undefined> {
  await loadXmlLibrary();
  try {
    using tree = parseXml(body, defaultXmlLimits);
    using expression = new XPath(xpath);
    return truthOf(expression.evaluate(tree)) ? undefined : `${xpath} finds nothing in its answer`;
  } catch (error) {
    return `its answer is no XML that can be looked into: ${(error as Error).message}`;
  }
}

/** What is wrong with an answer that has to be a JSON object with these properties. */
export function judgeJson(
  body: Uint8Array,
  properties: ReadonlyMap<string, string>,
): string | undefined {
  let given: unknown;
  try {
    given = JSON.parse(Buffer.from(body).toString("utf8"));
  } catch {
    return "its answer is no JSON";
  }
  if (typeof given !== "object" || given === null) return "its answer is no JSON object";
  for (const [name, expected] of properties) {
    const value: unknown = Object.hasOwn(given, name)
      ? (given as Record<string, unknown>)[name]
      : undefined;
    if (String(value) !== expected) return `${name} of its answer is not ${expected}`;
  }
  return undefined;
}
