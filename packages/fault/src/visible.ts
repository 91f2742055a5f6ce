/**
 * A name or sentence with every character that a terminal, a parser or a reader would be misled by (control,
 * format and private bidirectional characters, halves of surrogate pairs) written as `\u{HEX}`. The result is
 * well-formed Unicode, in XML as well.
 */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\uFFFE\uFFFF]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}
