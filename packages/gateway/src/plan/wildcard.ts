/** A shell wildcard (`*`, `?`, `[…]`) over the whole text; an empty one matches nothing. */
export function wildcard(text: string): (value: string) => boolean {
  if (text === "*" || text === "") return () => text === "*";
  const expression = new RegExp(`^${fromWildcard(text)}$`, "s");
  return (value) => expression.test(value);
}

function fromWildcard(text: string): string {
  let source = "";
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    const close = character === "[" ? text.indexOf("]", at + 2) : -1;
    if (character === "*") source += ".*";
    else if (character === "?") source += ".";
    else if (character === "\\" && at + 1 < text.length) source += RegExp.escape(text[++at]!);
    else if (close > 0) {
      const members = text
        .slice(at + 1, close)
        .replaceAll("\\", "\\\\")
        .replaceAll("[", "\\[");
      source += `[${members.startsWith("!") ? `^${members.slice(1)}` : members}]`;
      at = close;
    } else source += RegExp.escape(character);
  }
  return source;
}
