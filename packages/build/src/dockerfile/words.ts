/** A word of a line, quotes and escapes still in it, and where it begins. */
export interface Word {
  readonly text: string;
  readonly start: number;
}

/** Splits at blanks outside quotes; an escape character takes the next one along. Quotes stay. */
export function quotedWords(line: string, escaping: string): readonly Word[] {
  const words: Word[] = [];
  let start = -1;
  let quote = "";
  for (let i = 0; i < line.length; i++) {
    const char = line.charAt(i);
    if (quote === "" && /\s/.test(char)) {
      if (start >= 0) words.push({ text: line.slice(start, i), start });
      start = -1;
      continue;
    }
    if (start < 0) start = i;
    if (char === quote) quote = "";
    else if (quote === "" && (char === '"' || char === "'")) quote = char;
    else if (char === escaping && quote !== "'") i++;
  }
  if (start >= 0) words.push({ text: line.slice(start), start });
  return words;
}

/** Splits at blanks and nothing else, as COPY, ADD, EXPOSE and VOLUME do. */
export function plainWords(line: string): readonly string[] {
  return line.split(/\s+/).filter((word) => word !== "");
}

/** The strings of a JSON array; undefined when the text is not one, and so is the shell form. */
export function jsonWords(text: string): readonly string[] | undefined {
  if (!text.trimStart().startsWith("[")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((word) => typeof word === "string")
      ? value
      : undefined;
  } catch {
    return undefined;
  }
}
