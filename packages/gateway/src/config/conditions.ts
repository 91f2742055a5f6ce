import type { Origin, SkippedText } from "./model.ts";
import { isAvailable } from "./vocabulary.ts";

interface Condition {
  readonly text: string;
  readonly taken: boolean;
  readonly line: number;
}

/** What evaluating conditions needs from the file that holds them. */
export interface ConditionContext {
  readonly skipped: SkippedText[];
  fileExists(url: string): boolean;
}

/** The `%if%` … `%endif%` that are open at one place of a file. */
export class Conditions {
  readonly #file: string;
  readonly #context: ConditionContext;
  readonly #warn: (message: string, origin: Origin) => void;
  readonly #open: Condition[] = [];
  #left = 0;

  constructor(
    file: string,
    context: ConditionContext,
    warn: (message: string, origin: Origin) => void,
  ) {
    this.#file = file;
    this.#context = context;
    this.#warn = warn;
  }

  /** True where statements count: every open condition holds. */
  get hold(): boolean {
    return this.#left === 0;
  }

  /** The innermost condition that is not closed. */
  get innermost(): { readonly text: string; readonly line: number } | undefined {
    return this.#open.at(-1);
  }

  /** Takes a statement that begins with `%`. A stray `%endif%` is normal and means nothing. */
  take(words: readonly string[], origin: Origin): void {
    const [first, kind = "", argument = ""] = words;
    if (first === "%endif%") {
      this.#close(origin.line);
      return;
    }
    if (first !== "%if%") {
      this.#warn(`unknown directive "${first}"`, origin);
      return;
    }
    const text = words.slice(1).join(" ");
    const taken = this.#holds(kind, argument, origin);
    if (!taken) this.#left++;
    this.#open.push({ text, line: origin.line, taken });
  }

  #close(line: number): void {
    const condition = this.#open.pop();
    if (condition === undefined || condition.taken) return;
    this.#left--;
    this.#context.skipped.push({
      file: this.#file,
      firstLine: condition.line,
      lastLine: line,
      condition: condition.text,
    });
  }

  #holds(kind: string, argument: string, origin: Origin): boolean {
    switch (kind) {
      case "available":
        return isAvailable(argument);
      case "unavailable":
        return !isAvailable(argument);
      case "isfile":
        return this.#context.fileExists(argument);
      case "true":
        return true;
      case "false":
        return false;
      default:
        this.#warn(`unknown condition "${kind}", taken as false`, origin);
        return false;
    }
  }
}
