import type { Statement } from "./lexer.ts";
import { exitClosesCrypto, isStructural, type Mode } from "./modes.ts";
import { openedAlias, plainCommandLength, propertyNames, propertyWord } from "./vocabulary.ts";

/** What the statement after the present one says about the present one: objects open a mode only when a body follows. */
export class LookAhead {
  readonly #statements: readonly Statement[];
  readonly #modes: readonly Mode[];
  /** Index of the present statement. */
  at = 0;

  /** `modes` is the reader's own stack, as it is at the time of each question. */
  constructor(statements: readonly Statement[], modes: readonly Mode[]) {
    this.#statements = statements;
    this.#modes = modes;
  }

  /** Whether the next statement can only belong to the object that was just named. */
  bodyFollows(alias: string): boolean {
    const next = this.nextWords();
    if (next === undefined) return true;
    const bare = next[0] === "no" ? next.slice(1) : next;
    const word = bare[0] ?? "";
    if (word === "exit" || word === "cancel") {
      return this.#modes.at(-1)?.type !== "crypto" || !exitClosesCrypto(alias);
    }
    if (word === "reset" || word === "admin-state" || word === "summary") return true;
    const names = propertyNames(alias);
    if (names.size > 2 && propertyWord(alias, [word]).known) return true;
    return openedAlias(bare) === undefined && plainCommandLength(bare) === 0 && !isStructural(word);
  }

  propertyFollows(alias: string): boolean {
    const next = this.nextWords();
    const word = next?.[0] === "no" ? next[1] : next?.[0];
    return word !== undefined && propertyNames(alias).has(word);
  }

  /** Whether an unknown statement seems to open a mode. */
  looksLikeBody(): boolean {
    const next = this.nextWords();
    if (next === undefined) return false;
    if (next[0] === "exit") return this.#modes.at(-1)?.type !== "crypto";
    return (
      !isStructural(next[0]!) && openedAlias(next) === undefined && plainCommandLength(next) === 0
    );
  }

  nextWords(): readonly string[] | undefined {
    const next = this.#statements[this.at + 1];
    if (next === undefined) return undefined;
    return next.directive ? ["top"] : next.texts;
  }
}
