const rules: ReadonlyArray<readonly [RegExp, string]> = [
  // user:password@host in a URL (RFC 3986, userinfo)
  [/([a-z][a-z0-9+.-]*:\/\/[^\s/:@]+):[^\s/@]+@/gi, "$1:***@"],
  // Authorization header values (RFC 9110, 11.4)
  [/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, "$1 ***"],
  // name=value and "name": "value" where the name says that the value is secret
  [
    /(["']?(?:password|passwd|secret|token|api[_-]?key|private[_-]?key)["']?\s*[=:]\s*["']?)[^\s"',;&]+/gi,
    "$1***",
  ],
];

/** The text with credentials replaced by `***`: URL passwords, authorization headers, secret pairs. */
export function redact(text: string): string {
  return rules.reduce(
    (result, [pattern, replacement]) => result.replace(pattern, replacement),
    text,
  );
}
