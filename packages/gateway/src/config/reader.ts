import type { Fault } from "@lithify/fault";
import { Conditions } from "./conditions.ts";
import { inlineAction, inlineActionName } from "./inline-actions.ts";
import { lexConfiguration, type Statement } from "./lexer.ts";
import { LookAhead } from "./look-ahead.ts";
import type { Origin, PropertyLine } from "./model.ts";
import {
  isConfigure,
  type Mode,
  type ObjectMode,
  objectLabel,
  opensSubMode,
  propertyLine,
} from "./modes.ts";
import { ObjectOpener } from "./object-opener.ts";
import {
  applyLine,
  type OpenObject,
  openObject,
  resetObject,
  restoreObject,
} from "./object-table.ts";
import type { Words } from "./one-line.ts";
import type { ReaderContext } from "./reader-context.ts";
import { faultInside, invalidObject, truncation } from "./reader-faults.ts";
import { openedAlias, propertyNames, propertyWord } from "./vocabulary.ts";

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
  readonly #ahead: LookAhead;
  readonly #opener: ObjectOpener;
  #named = 0;

  constructor(text: string, file: string, context: ReaderContext) {
    this.#file = file;
    this.#context = context;
    const { statements, broken } = lexConfiguration(text, file);
    this.#statements = statements;
    this.#ahead = new LookAhead(statements, this.#modes);
    this.#opener = new ObjectOpener(context, this.#modes, this.#ahead, (message, origin) =>
      this.#warn(message, origin),
    );
    this.#broken = broken;
    this.#conditions = new Conditions(file, context, (message, origin) =>
      this.#warn(message, origin),
    );
  }

  run(): readonly Fault[] {
    for (const [at, statement] of this.#statements.entries()) {
      this.#ahead.at = at;
      this.#nameBroken(statement.line);
      const { texts } = statement;
      const origin = { file: this.#file, line: statement.line, column: statement.columns[0]! };
      if (statement.directive) this.#conditions.take(texts, origin);
      else if (this.#conditions.hold) {
        this.#statement({ texts, columns: statement.columns, origin });
      }
    }
    this.#nameBroken(Number.POSITIVE_INFINITY);
    if (!this.#faults.some(({ code }) => code === "CONFIG_TRUNCATED")) {
      const last = this.#statements.at(-1)?.line ?? 1;
      const cut = truncation(this.#file, last, this.#modes, this.#conditions.innermost);
      if (cut !== undefined) this.#faults.push(cut);
    }
    return this.#faults;
  }

  /** Takes up the faults of the text itself before `line`, with the object in which each lies. */
  #nameBroken(line: number): void {
    for (;;) {
      const fault = this.#broken[this.#named];
      if (fault === undefined || (fault.place?.line ?? 0) > line) return;
      this.#named++;
      this.#faults.push(faultInside(fault, this.#modes));
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
      this.#opener.remove(bareWords(words));
    } else {
      this.#opener.open(words);
    }
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
    if (!this.#ahead.propertyFollows(opened.alias) && this.#ahead.nextWords()?.[0] !== "reset")
      return false;
    const object = objectLabel(mode.object);
    this.#invalid(
      `${object} (line ${mode.origin.line}) is not closed by exit before ${words.join(" ")}`,
      object,
      origin,
    );
    return true;
  }

  #noteOpenObject(origin: Origin): void {
    const mode = this.#modes.at(-1);
    if (mode?.type !== "object" && mode?.type !== "sub") return;
    const object = objectLabel(mode.type === "object" ? mode.object : mode.parent.object);
    this.#invalid(`${object} (line ${mode.origin.line}) is not closed by exit`, object, origin);
  }

  #invalid(why: string, object: string, origin: Origin): void {
    this.#faults.push(invalidObject(this.#file, why, object, origin));
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
