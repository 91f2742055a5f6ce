/** A shell pattern (`*`, `?`, escapes) as the source of a regular expression. Brackets are literal, as in BuildKit. */
export function shellPattern(pattern: string, greedy: boolean, escaping: string): string {
  let source = "";
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern.charAt(i);
    if (char === "*") source += greedy ? ".*" : ".*?";
    else if (char === "?") source += ".";
    else if (char === escaping && i + 1 < pattern.length) source += literal(pattern.charAt(++i));
    else source += literal(char);
  }
  return source;
}

function literal(char: string): string {
  return /[\^$\\.*+?()[\]{}|/-]/.test(char) ? `\\${char}` : char;
}
