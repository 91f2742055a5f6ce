import { isXmlText } from "./characters.ts";

/** An expression that is not XPath 1.0, or uses what cannot be evaluated here. */
export class XPathRefused extends Error {
  constructor(source: string, why: string) {
    super(`XPath ${source}: ${why}`);
    this.name = "XPathRefused";
  }
}

/** A word of an expression. `operator` is `*`, `and` and the like where they stand between operands. */
export interface XPathToken {
  readonly kind: "name" | "literal" | "number" | "symbol" | "operator" | "end";
  readonly text: string;
  readonly start: number;
}

const tokenForm =
  /[ \t\r\n]*(?:("[^"]*"|'[^']*')|(\d+(?:\.\d*)?|\.\d+)|(\.\.|::|\/\/|!=|<=|>=|[()[\].@,/|+\-=<>*$:])|([\p{L}_][\p{L}\p{N}\p{M}_.·-]*))/uy;

const operatorNames: ReadonlySet<string> = new Set(["and", "or", "mod", "div"]);
const operators: ReadonlySet<string> = new Set("+ - = != < <= > >= * | and or mod div".split(" "));

/** Most words of an expression: its evaluation goes deeper with each, and 8,000 overrun the library. */
export const mostTokens = 1000;

/** The tokens of an expression, and one for its end. Throws XPathRefused. */
export function xpathTokens(source: string): XPathToken[] {
  if (!isXmlText(source)) throw new XPathRefused(source, "a character that XML does not have");
  const tokens: XPathToken[] = [];
  const { length } = source.replace(/[ \t\r\n]+$/, "");
  for (let at = 0; at < length; at = tokenForm.lastIndex) {
    tokenForm.lastIndex = at;
    const match = tokenForm.exec(source);
    if (match === null) throw new XPathRefused(source, `unexpected character at ${at + 1}`);
    if (tokens.length >= mostTokens)
      throw new XPathRefused(source.slice(0, 40), `more than ${mostTokens} words`);
    const [, literal, number, symbol, name] = match;
    const text = (literal ?? number ?? symbol ?? name)!;
    const start = tokenForm.lastIndex - text.length;
    let kind: XPathToken["kind"] = "name";
    if (literal !== undefined) kind = "literal";
    else if (number !== undefined) kind = "number";
    else if (symbol !== undefined) kind = "symbol";
    tokens.push({ kind: operatorHere(tokens.at(-1), text, kind) ? "operator" : kind, text, start });
  }
  tokens.push({ kind: "end", text: "", start: source.length });
  return tokens;
}

/** `*` and the operator names are operators after what ends an operand (XPath 1.0, section 3.7). */
function operatorHere(
  before: XPathToken | undefined,
  text: string,
  kind: XPathToken["kind"],
): boolean {
  if (kind === "name" ? !operatorNames.has(text) : kind !== "symbol" || !operators.has(text))
    return false;
  if (kind === "symbol" && text !== "*" && text !== "-") return true;
  if (before === undefined || before.kind === "operator") return false;
  if (text === "-" && before.text === "/") return true;
  return !(
    before.kind === "symbol" &&
    ["@", "::", "(", "[", ",", "/", "//", ":", "$"].includes(before.text)
  );
}
