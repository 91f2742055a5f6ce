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
