import { kindOfAlias } from "../catalogue.ts";
import type { LookAhead } from "./look-ahead.ts";
import { type Origin, objectKey } from "./model.ts";
import type { Mode } from "./modes.ts";
import { applyLine, type OpenObject, objectState, openObject } from "./object-table.ts";
import { type OneLine, oneLineOf, type Words } from "./one-line.ts";
import type { ReaderContext } from "./reader-context.ts";
import { expandGlobalWord, openedAlias, plainCommandLength } from "./vocabulary.ts";

/** Opens and removes objects in the table of a domain; pushes the mode when a body follows. */
export class ObjectOpener {
  readonly #context: ReaderContext;
  readonly #modes: Mode[];
  readonly #ahead: LookAhead;
  readonly #warn: (message: string, origin: Origin) => void;

  constructor(
    context: ReaderContext,
    modes: Mode[],
    ahead: LookAhead,
    warn: (message: string, origin: Origin) => void,
  ) {
    this.#context = context;
    this.#modes = modes;
    this.#ahead = ahead;
    this.#warn = warn;
  }

  /** A statement of the global mode: a one-line object, or one that opens a mode. */
  open(words: Words): void {
    const whole = oneLineOf(words, false);
    if (whole !== undefined) {
      this.#takeOneLine(whole, words.origin);
      return;
    }
    const { texts } = words;
    const opened = openedAlias(texts);
    if (opened !== undefined) {
      const plain = plainCommandLength(texts) > 0;
      this.#openKnown(opened.alias, texts.slice(opened.length), plain, words.origin);
      return;
    }
    if (plainCommandLength(texts) > 0) return;
    const { full, candidates } = expandGlobalWord(texts[0]!);
    if (full !== undefined && full !== texts[0]) {
      this.open({ ...words, texts: [full, ...texts.slice(1)] });
    } else this.#openUnknown(words, candidates);
  }

  #takeOneLine(whole: OneLine, origin: Origin): void {
    const { table, domain } = this.#context;
    const { alias, name } = whole;
    const before = objectState(table, alias, name);
    const object = openObject(table, domain, alias, name, origin);
    if (whole.enabled !== undefined) object.enabled = whole.enabled;
    for (const line of whole.lines) applyLine(object, line);
    const opens =
      whole.opens === true || (whole.lines.length === 0 && this.#ahead.propertyFollows(alias));
    if (opens) this.#modes.push({ type: "object", object, origin, before });
  }

  #openKnown(alias: string, rest: readonly string[], plain: boolean, origin: Origin): void {
    const singleton = kindOfAlias(alias)?.singleton === true;
    const name = singleton ? alias : (rest[0] ?? alias);
    const { table, domain } = this.#context;
    const before = objectState(table, alias, name);
    const object = openObject(table, domain, alias, name, origin);
    // `xmlmgr "n"` stands alone: what follows it are more one-line facets of the same object
    if (plain && (alias === "xmlmgr" || !this.#ahead.propertyFollows(alias))) return;
    if (rest.length > 1) this.#keepArguments(object, singleton ? rest : rest.slice(1), origin);
    else if (this.#ahead.bodyFollows(alias)) {
      this.#modes.push({ type: "object", object, origin, before });
    }
  }

  /** A one-line form that is not known: kept, so that whatever needs the object can refuse it. */
  #keepArguments(object: OpenObject, values: readonly string[], origin: Origin): void {
    const name = "(arguments)";
    applyLine(object, { name, arguments: values, negated: false, origin, known: false });
  }

  #openUnknown(words: Words, candidates: readonly string[]): void {
    const { texts, origin } = words;
    const modal = texts.length <= 2 && this.#ahead.looksLikeBody();
    const text = texts.slice(0, 4).join(" ");
    const meaning = candidates.length > 1 ? ` (it may be ${candidates.join(", ")})` : "";
    this.#warn(`unknown statement "${texts[0]}": ${text}${meaning}`, origin);
    if (modal) this.#modes.push({ type: "ignored", word: texts[0]!, origin });
  }

  /** `no ALIAS NAME`, without the `no`. */
  remove(words: Words): void {
    const whole = oneLineOf(words, true);
    if (whole !== undefined) {
      this.#takeOneLine(whole, words.origin);
      return;
    }
    const { texts } = words;
    const opened = openedAlias(texts);
    if (opened === undefined || texts.length <= opened.length) return;
    if (plainCommandLength(texts) > 0) return;
    const kind = kindOfAlias(opened.alias)?.name ?? opened.alias;
    this.#context.table.delete(objectKey(kind, texts[opened.length]!));
  }
}
