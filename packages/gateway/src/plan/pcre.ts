/** A Perl pattern that means the same in JavaScript; throws SyntaxError for any other. */
export function patternFromPcre(text: string): RegExp {
  const inline = /^\(\?([imsx]+)\)/.exec(text);
  const flags = inline?.[1] ?? "";
  if (flags.includes("x")) throw new SyntaxError("free-spacing patterns");
  const source = text.slice(inline?.[0].length ?? 0);
  if (/\\[AZzGQEKRhHX]|\(\?(?:[>|#&R]|P[<=>])|[*+?}]\+|\[\[:/.test(source)) {
    throw new SyntaxError("a construct that only Perl patterns have");
  }
  return new RegExp(source, flags);
}
