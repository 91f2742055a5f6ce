/** Decides whether a path, relative and with single slashes, is matched. */
export interface PatternList {
  matches(path: string): boolean;
  /** True when a later pattern takes back what an earlier one matched. */
  readonly hasExceptions: boolean;
}

/** Lines of a .dockerignore or values of --exclude, in the syntax of Docker's pattern matcher. Later ones win. */
export function patternList(lines: readonly string[]): PatternList {
  const rules = lines.map(parseRule).filter((rule) => rule !== undefined);
  return {
    hasExceptions: rules.some((rule) => rule.negated),
    matches: (path) => {
      const parts = path.split("/");
      const prefixes = parts.map((_, index) => parts.slice(0, index + 1).join("/"));
      let matched = false;
      for (const rule of rules)
        if (matched === rule.negated && prefixes.some((prefix) => rule.pattern.test(prefix)))
          matched = !rule.negated;
      return matched;
    },
  };
}

/** One path pattern as a regular expression: `*` and `?` stay inside a name, `**` crosses directories. */
export function pathPattern(pattern: string): RegExp {
  let source = "";
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern.charAt(i);
    if (char === "*" && pattern.charAt(i + 1) === "*") {
      i++;
      if (pattern.charAt(i + 1) === "/") {
        i++;
        source += "(?:.*/)?";
      } else source += ".*";
    } else if (char === "*") source += "[^/]*";
    else if (char === "?") source += "[^/]";
    else if (char === "\\" && i + 1 < pattern.length) source += literal(pattern.charAt(++i));
    else if (char === "[") {
      const end = pattern.indexOf("]", i + 2);
      if (end < 0) source += "\\[";
      else {
        source += characterClass(pattern.slice(i + 1, end));
        i = end;
      }
    } else source += literal(char);
  }
  return new RegExp(`^${source}$`, "s");
}

export function hasWildcard(text: string): boolean {
  return /[*?[]/.test(text);
}

/** Slashes made single, `.` and `..` resolved, none at either end; the empty string for the root. */
export function cleanPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return parts.join("/");
}

function parseRule(
  line: string,
): { readonly pattern: RegExp; readonly negated: boolean } | undefined {
  const trimmed = line.trim();
  if (trimmed === "" || trimmed.startsWith("#")) return undefined;
  const negated = trimmed.startsWith("!");
  const path = cleanPath(negated ? trimmed.slice(1).trim() : trimmed);
  return path === "" ? undefined : { pattern: pathPattern(path), negated };
}

function characterClass(content: string): string {
  const negated = content.startsWith("^") || content.startsWith("!");
  const body = (negated ? content.slice(1) : content).replace(/[\\\]^[]/g, "\\$&");
  return `[${negated ? "^/" : ""}${body}]`;
}

function literal(char: string): string {
  return /[\^$\\.*+?()[\]{}|/-]/.test(char) ? `\\${char}` : char;
}
