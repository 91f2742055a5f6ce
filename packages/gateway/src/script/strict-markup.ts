/**
 * Why a document is not XML that the parser of scripts would let pass: characters that XML does not
 * have, malformed references, `]]>` in text, tags that do not pair. Undefined for anything else,
 * which the parser judges. The document has passed the scan of limits.
 */
export function refusedMarkup(document: string): string | undefined {
  if (notCharacters.test(document)) return "it has a character that XML does not allow";
  const markup = document.replace(withoutMarkup, "");
  if (badReference.test(markup)) return "it has a malformed reference";
  for (const [, hexadecimal, digits] of markup.matchAll(/&#(x?)([0-9a-fA-F]+);/g)) {
    const code = Number.parseInt(digits!, hexadecimal === "x" ? 16 : 10);
    if (!isCharacter(code)) return "it refers to a character that XML does not allow";
  }
  let open = 0;
  const text = markup.replace(tag, (found) => {
    if (found[1] === "/") open--;
    else if (found[1] !== "!" && found.at(-2) !== "/") open++;
    return "";
  });
  if (open !== 0) return "its tags do not pair";
  return text.includes("]]>") ? "its text has ]]>" : undefined;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const notCharacters = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;

/** Comments, CDATA sections and processing instructions: nothing in them is markup. */
const withoutMarkup = /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>/g;

/** Not one of the five entities, and not a number. */
const badReference = /&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)/;

const tag = /<[^<>"']*(?:"[^"]*"[^<>"']*|'[^']*'[^<>"']*)*>/g;

/** XML 1.0, production 2. */
function isCharacter(code: number): boolean {
  if (code < 0x20) return code === 9 || code === 10 || code === 13;
  return code < 0xd800 || (code > 0xdfff && code < 0xfffe) || (code > 0xffff && code <= 0x10ffff);
}
