import { Fault } from "@lithify/fault";
import { kindOfAlias } from "../catalogue.ts";
import { Conditions } from "./conditions.ts";
import { inlineAction, inlineActionName } from "./inline-actions.ts";
import { lexConfiguration, type Statement } from "./lexer.ts";
import {
  type Origin,
  objectKey,
  type Problem,
  type PropertyLine,
  type SkippedText,
} from "./model.ts";
import {
  exitClosesCrypto,
  isConfigure,
  isOpenMode,
  isStructural,
  type Mode,
  modeLabel,
  type ObjectMode,
  objectLabel,
  opensSubMode,
  propertyLine,
} from "./modes.ts";
import {
  applyLine,
  type OpenObject,
  objectState,
  openObject,
  resetObject,
  restoreObject,
} from "./object-table.ts";
import { type OneLine, oneLineOf, type Words } from "./one-line.ts";
import {
  expandGlobalWord,
  openedAlias,
  plainCommandLength,
  propertyNames,
  propertyWord,
} from "./vocabulary.ts";

/** What reading a file needs from outside: the table it fills and the files that it names. */
export interface ReaderContext {
  readonly domain: string;
  readonly table: Map<string, OpenObject>;
  readonly problems: Problem[];
  readonly skipped: SkippedText[];
  /** Whether a `%if% isfile` URL exists. */
  fileExists(url: string): boolean;
  /** Runs another file of the domain, for `exec`. */
  execute(url: string, origin: Origin): void;
}

/**
 * Reads the statements of one file into the table of its domain, to the end whatever is in it.
 * Gives every reason why the file is not whole: CONFIG_INVALID where the text is no configuration,
 * CONFIG_TRUNCATED where it ends inside a quoted text, an object or a condition. Words that are not
 * known are recorded as problems: they keep down only what depends on them.
 */
export function readConfiguration(
  text: string,
  file: string,
  context: ReaderContext,
): readonly Fault[] {
  return new Reader(text, file, context).run();
}

class Reader {
  readonly #file: string;
  readonly #statements: readonly Statement[];
  readonly #broken: readonly Fault[];
  readonly #context: ReaderContext;
  readonly #modes: Mode[] = [];
  readonly #conditions: Conditions;
  readonly #faults: Fault[] = [];
  #at = 0;
  #named = 0;

  constructor(text: string, file: string, context: ReaderContext) {
    this.#file = file;
    this.#context = context;
    const { statements, broken } = lexConfiguration(text, file);
    this.#statements = statements;
    this.#broken = broken;
    this.#conditions = new Conditions(file, context, (message, origin) =>
      this.#warn(message, origin),
    );
  }

  run(): readonly Fault[] {
    for (this.#at = 0; this.#at < this.#statements.length; this.#at++) {
      const statement = this.#statements[this.#at]!;
      this.#nameBroken(statement.line);
      const { texts } = statement;
      const origin = { file: this.#file, line: statement.line, column: statement.columns[0]! };
      if (statement.directive) this.#conditions.take(texts, origin);
      else if (this.#conditions.hold) {
        this.#statement({ texts, columns: statement.columns, origin });
      }
    }
    this.#nameBroken(Number.POSITIVE_INFINITY);
    if (!this.#faults.some(({ code }) => code === "CONFIG_TRUNCATED")) this.#noteTruncation();
    return this.#faults;
  }

  /** Takes up the faults of the text itself before `line`, with the object in which each lies. */
  #nameBroken(line: number): void {
    for (;;) {
      const fault = this.#broken[this.#named];
      if (fault === undefined || (fault.place?.line ?? 0) > line) return;
      this.#named++;
      const open = this.#modes.findLast(isOpenMode);
      if (open === undefined || fault.place === undefined) this.#faults.push(fault);
      else {
        const why = `${fault.why ?? ""}, inside ${modeLabel(open)} of line ${open.origin.line}`;
        const values = { object: modeLabel(open) };
        this.#faults.push(new Fault(fault.code, fault.what, { why, values, place: fault.place }));
      }
    }
  }

  #statement(words: Words): void {
    const first = words.texts[0]!;
    if (first === "top") {
      this.#noteOpenObject(words.origin);
      this.#modes.length = 0;
      return;
    }
    const mode = this.#modes.at(-1);
    if (first === "exit" || first === "cancel") {
      this.#leave(mode, first === "cancel");
      return;
    }
    switch (mode?.type) {
      case "object":
        this.#property(mode, words);
        return;
      case "sub":
        mode.children.push(propertyLine(words, true));
        return;
      case "ignored":
        return;
      default:
        this.#global(words);
    }
  }

  /** `cancel` puts back what was there before the mode was entered. */
  #leave(mode: Mode | undefined, discard: boolean): void {
    this.#modes.pop();
    if (mode?.type === "object" && discard) restoreObject(this.#context.table, mode.before);
    if (mode?.type !== "sub" || discard) return;
    applyLine(mode.parent.object, {
      name: mode.name,
      arguments: [],
      negated: false,
      origin: mode.origin,
      known: true,
      children: mode.children,
    });
  }

  #global(words: Words): void {
    const { texts, origin } = words;
    const first = texts[0]!;
    if (isConfigure(texts)) {
      this.#modes.length = 0;
      this.#modes.push({ type: "global" });
    } else if (first === "crypto" && texts.length === 1) {
      this.#modes.push({ type: "crypto", origin });
    } else if (first === "diag") {
      this.#modes.push({ type: "ignored", word: first, origin });
    } else if (first === "exec") {
      if (texts[1] === undefined) this.#warn("exec without a URL", origin);
      else this.#context.execute(texts[1], origin);
    } else if (first === "no") {
      this.#remove(bareWords(words));
    } else {
      this.#open(words);
    }
  }

  #open(words: Words): void {
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
      this.#open({ ...words, texts: [full, ...texts.slice(1)] });
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
      whole.opens === true || (whole.lines.length === 0 && this.#propertyFollows(alias));
    if (opens) this.#modes.push({ type: "object", object, origin, before });
  }

  #openKnown(alias: string, rest: readonly string[], plain: boolean, origin: Origin): void {
    const singleton = kindOfAlias(alias)?.singleton === true;
    const name = singleton ? alias : (rest[0] ?? alias);
    const { table, domain } = this.#context;
    const before = objectState(table, alias, name);
    const object = openObject(table, domain, alias, name, origin);
    // `xmlmgr "n"` stands alone: what follows it are more one-line facets of the same object
    if (plain && (alias === "xmlmgr" || !this.#propertyFollows(alias))) return;
    if (rest.length > 1) this.#keepArguments(object, singleton ? rest : rest.slice(1), origin);
    else if (this.#bodyFollows(alias)) {
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
    const modal = texts.length <= 2 && this.#looksLikeBody();
    const text = texts.slice(0, 4).join(" ");
    const meaning = candidates.length > 1 ? ` (it may be ${candidates.join(", ")})` : "";
    this.#warn(`unknown statement "${texts[0]}": ${text}${meaning}`, origin);
    if (modal) this.#modes.push({ type: "ignored", word: texts[0]!, origin });
  }

  #remove(words: Words): void {
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

  #property(mode: ObjectMode, words: Words): void {
    const { object } = mode;
    const { texts, origin } = words;
    if (texts[0] === "reset" && texts.length === 1) {
      resetObject(object);
      return;
    }
    const negated = texts[0] === "no" && texts.length > 1;
    const bare = negated ? bareWords(words) : words;
    const { word, known, candidates } = propertyWord(object.alias, bare.texts);
    if (!known && this.#isUnclosed(mode, bare.texts, origin)) {
      this.#modes.pop();
      this.#global(words);
      return;
    }
    if (candidates.length > 1) {
      const message = `"${bare.texts[0]}" may be ${candidates.join(", ")}`;
      this.#warn(message, origin, objectLabel(object));
    }
    if (!negated && bare.texts.length === 1 && opensSubMode(object.alias, word)) {
      this.#modes.push({ type: "sub", parent: mode, name: word, origin, children: [] });
      return;
    }
    const length = word.split(" ").length;
    const line = {
      name: word,
      arguments: bare.texts.slice(length),
      columns: bare.columns.slice(length),
      negated,
      origin,
      known,
    };
    const action = object.kind === "StylePolicyRule" ? inlineAction(line) : undefined;
    applyLine(object, action === undefined ? line : this.#inlined(object, action, origin));
  }

  /** Makes the action that an older rule holds inside itself; gives the line that names it. */
  #inlined(rule: OpenObject, lines: readonly PropertyLine[], origin: Origin): PropertyLine {
    const { table, domain } = this.#context;
    const name = inlineActionName(rule);
    const action = openObject(table, domain, "action", name, origin);
    resetObject(action);
    for (const line of lines) applyLine(action, line);
    return { name: "action", arguments: [name], negated: false, origin, known: true };
  }

  /** A statement that opens another object, inside an object: the `exit` in between was lost. */
  #isUnclosed(mode: ObjectMode, words: readonly string[], origin: Origin): boolean {
    const opened = openedAlias(words);
    const catalogued = propertyNames(mode.object.alias).size > 2;
    if (!catalogued || opened === undefined || words.length !== opened.length + 1) return false;
    // a property that the catalogue lacks may bear the name of an object: then no body follows it
    if (!this.#propertyFollows(opened.alias) && this.#nextWords()?.[0] !== "reset") return false;
    const object = objectLabel(mode.object);
    this.#note(
      `${object} (line ${mode.origin.line}) is not closed by exit before ${words.join(" ")}`,
      object,
      origin,
    );
    return true;
  }

  /** Whether the next statement can only belong to the object that was just named. */
  #bodyFollows(alias: string): boolean {
    const next = this.#nextWords();
    if (next === undefined) return true;
    const word = next[0] === "no" ? (next[1] ?? "") : next[0]!;
    if (word === "exit" || word === "cancel") {
      return this.#modes.at(-1)?.type !== "crypto" || !exitClosesCrypto(alias);
    }
    if (word === "reset" || word === "admin-state" || word === "summary") return true;
    const names = propertyNames(alias);
    if (names.size > 2 && propertyWord(alias, [word]).known) return true;
    return openedAlias(next) === undefined && plainCommandLength(next) === 0 && !isStructural(word);
  }

  #propertyFollows(alias: string): boolean {
    const next = this.#nextWords();
    const word = next?.[0] === "no" ? next[1] : next?.[0];
    return word !== undefined && propertyNames(alias).has(word);
  }

  #looksLikeBody(): boolean {
    const next = this.#nextWords();
    if (next === undefined) return false;
    if (next[0] === "exit") return this.#modes.at(-1)?.type !== "crypto";
    return (
      !isStructural(next[0]!) && openedAlias(next) === undefined && plainCommandLength(next) === 0
    );
  }

  #nextWords(): readonly string[] | undefined {
    const next = this.#statements[this.#at + 1];
    if (next === undefined) return undefined;
    return next.directive ? ["top"] : next.texts;
  }

  #noteOpenObject(origin: Origin): void {
    const mode = this.#modes.at(-1);
    if (mode?.type !== "object" && mode?.type !== "sub") return;
    const object = objectLabel(mode.type === "object" ? mode.object : mode.parent.object);
    this.#note(`${object} (line ${mode.origin.line}) is not closed by exit`, object, origin);
  }

  #noteTruncation(): void {
    const open = this.#modes.findLast(isOpenMode);
    const condition = this.#conditions.innermost;
    if (open === undefined && condition === undefined) return;
    const line = this.#statements.at(-1)?.line ?? 1;
    const what =
      open === undefined
        ? `the condition of line ${condition?.line ?? 1}, %if% ${condition?.text ?? ""}`
        : `${modeLabel(open)}, opened in line ${open.origin.line}`;
    this.#faults.push(
      new Fault("CONFIG_TRUNCATED", `cannot read ${this.#file}`, {
        why: `the file ends inside ${what}`,
        values: { object: open === undefined ? "" : modeLabel(open) },
        place: { file: this.#file, line },
      }),
    );
  }

  #note(why: string, object: string, origin: Origin): void {
    this.#faults.push(
      new Fault("CONFIG_INVALID", `cannot read ${this.#file}`, {
        why,
        values: { object },
        place: { file: origin.file, line: origin.line },
      }),
    );
  }

  #warn(message: string, origin: Origin, object?: string): void {
    this.#context.problems.push({
      severity: "warning",
      scope: "object",
      domain: this.#context.domain,
      origin,
      message,
      ...(object === undefined ? {} : { object }),
    });
  }
}

function bareWords(words: Words): Words {
  return { ...words, texts: words.texts.slice(1), columns: words.columns.slice(1) };
}
