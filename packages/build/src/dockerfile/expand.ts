import { Fault, type Place } from "@lithify/fault";
import { shellPattern } from "./shell-pattern.ts";

/** What an expansion depends on. */
export interface Scope {
  readonly value: (name: string) => string | undefined;
  readonly escaping: string;
  readonly place: Place;
}

/**
 * Expands variables in one word and takes quotes and escapes away, as BuildKit's shell lexer does:
 * $x ${x} ${x:-w} ${x-w} ${x:+w} ${x+w} ${x:?w} ${x#p} ${x##p} ${x%p} ${x%%p} ${x/p/r} ${x//p/r}.
 * @throws Fault DOCKERFILE_INVALID for an unclosed quote or brace, or an unknown form
 */
export function expand(text: string, scope: Scope): string {
  return new Expander(text, scope, true).all();
}

/** As `expand`, with quotes left as they are: the content of a here-document of COPY. */
export function expandContent(text: string, scope: Scope): string {
  return new Expander(text, scope, false).all();
}

class Expander {
  readonly #text: string;
  readonly #scope: Scope;
  readonly #quotes: boolean;
  #at = 0;

  constructor(text: string, scope: Scope, quotes: boolean) {
    this.#text = text;
    this.#scope = scope;
    this.#quotes = quotes;
  }

  all(): string {
    return this.#until("", false);
  }

  /** Reads on to `stop` outside quotes; with an empty `stop`, to the end. */
  #until(stop: string, rawEscapes: boolean): string {
    let result = "";
    while (this.#at < this.#text.length) {
      const char = this.#text.charAt(this.#at);
      if (char === stop && stop !== "") {
        this.#at++;
        return result;
      }
      if (this.#quotes && char === "'") result += this.#single();
      else if (this.#quotes && char === '"') result += this.#double();
      else if (char === "$") result += this.#dollar();
      else if (char === this.#scope.escaping) result += this.#escaped(rawEscapes);
      else {
        result += char;
        this.#at++;
      }
    }
    if (stop !== "") throw this.#invalid(`${stop} is missing`);
    return result;
  }

  #escaped(raw: boolean): string {
    const next = this.#text.charAt(this.#at + 1);
    this.#at += 2;
    return raw ? this.#scope.escaping + next : next;
  }

  #single(): string {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end < 0) throw this.#invalid("a single quote is not closed");
    const content = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return content;
  }

  #double(): string {
    let result = "";
    this.#at++;
    while (this.#at < this.#text.length) {
      const char = this.#text.charAt(this.#at);
      if (char === '"') {
        this.#at++;
        return result;
      }
      if (char === "$") result += this.#dollar();
      else {
        const next = this.#text.charAt(this.#at + 1);
        const escapes = char === this.#scope.escaping && ['"', "$", char].includes(next);
        result += escapes ? next : char;
        this.#at += escapes ? 2 : 1;
      }
    }
    throw this.#invalid("a double quote is not closed");
  }

  #dollar(): string {
    this.#at++;
    if (this.#text.charAt(this.#at) !== "{") {
      const name = this.#name();
      return name === "" ? "$" : (this.#scope.value(name) ?? "");
    }
    this.#at++;
    const name = this.#name();
    if (name === "") throw this.#invalid("a variable's name is missing after ${");
    return this.#modified(name, this.#scope.value(name));
  }

  #name(): string {
    const match = /^(?:[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#])/.exec(this.#text.slice(this.#at));
    this.#at += match?.[0].length ?? 0;
    return match?.[0] ?? "";
  }

  #modified(name: string, value: string | undefined): string {
    const operator = this.#operator(name);
    if (operator === "}") return value ?? "";
    if (operator.startsWith("/")) return this.#replaced(value ?? "", operator === "//");
    const trims = operator.startsWith("#") || operator.startsWith("%");
    const word = this.#until("}", trims);
    if (trims) return trimmed(value ?? "", word, operator, this.#scope.escaping);
    const empty = value === undefined || (operator.startsWith(":") && value === "");
    if (operator.endsWith("-")) return empty ? word : (value ?? "");
    if (operator.endsWith("+")) return empty ? "" : word;
    if (empty) throw this.#invalid(`${name}: ${word || "is not set"}`);
    return value ?? "";
  }

  #operator(name: string): string {
    const rest = this.#text.slice(this.#at);
    const operator = /^(?:\}|:[-+?]|[-+?]|##?|%%?|\/\/?)/.exec(rest)?.[0];
    if (operator === undefined) {
      if (rest === "") throw this.#invalid("} is missing");
      throw this.#invalid(`\${${name}${rest.slice(0, 2)} is not a form of expansion`);
    }
    this.#at += operator.length;
    return operator;
  }

  #replaced(value: string, all: boolean): string {
    const pattern = this.#until("/", true);
    const replacement = this.#until("}", true);
    const source = shellPattern(pattern, true, this.#scope.escaping);
    return value.replace(new RegExp(source, all ? "gs" : "s"), () => replacement);
  }

  #invalid(why: string): Fault {
    return new Fault("DOCKERFILE_INVALID", `expanding ${JSON.stringify(this.#text)}`, {
      why,
      place: this.#scope.place,
    });
  }
}

function trimmed(value: string, pattern: string, operator: string, escaping: string): string {
  const greedy = operator.length === 2;
  const whole = new RegExp(`^(?:${shellPattern(pattern, true, escaping)})$`, "s");
  const lengths = Array.from({ length: value.length + 1 }, (_, index) => index);
  for (const length of greedy ? lengths.reverse() : lengths) {
    if (operator.startsWith("#") && whole.test(value.slice(0, length))) return value.slice(length);
    const rest = value.length - length;
    if (operator.startsWith("%") && whole.test(value.slice(rest))) return value.slice(0, rest);
  }
  return value;
}
