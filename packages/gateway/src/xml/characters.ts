const others = /[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/** True when XML has every character of the text (XML 1.0, section 2.2). */
export function isXmlText(text: string): boolean {
  return text.search(others) < 0;
}

/** The text with the replacement character for those that XML does not have. */
export function xmlText(text: string): string {
  return text.replaceAll(others, "\uFFFD");
}
