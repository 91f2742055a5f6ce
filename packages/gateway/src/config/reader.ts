import { Fault } from "@lithify/fault";
import { kindOfAlias } from "../catalogue.ts";
import { type LexedText, lexConfiguration, type Statement } from "./lexer.ts";
import { type Origin, objectKey, type Problem, type SkippedText } from "./model.ts";
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
import { applyLine, type OpenObject, openObject, resetObject } from "./object-table.ts";
import {
  expandGlobalWord,
  isAvailable,
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

interface Condition {
  readonly text: string;
  readonly taken: boolean;
  readonly line: number;
}

/**
 * Reads the statements of one file into the table of its domain. Throws CONFIG_INVALID where the
 * text is no configuration and CONFIG_TRUNCATED where it ends inside an object or a condition.
 * Words that are not known are recorded as problems: they keep down only what depends on them.
 */
export function readConfiguration(text: string, file: string, context: ReaderContext): void {
  new Reader(file, lexConfiguration(text, file), context).run();
}

class Reader {
  readonly #file: string;
  readonly #statements: readonly Statement[];
  readonly #broken: Fault | undefined;
  readonly #context: ReaderContext;
  readonly #modes: Mode[] = [];
  readonly #conditions: Condition[] = [];
  #at = 0;

  constructor(file: string, text: LexedText, context: ReaderContext) {
    this.#file = file;
    this.#statements = text.statements;
    this.#broken = text.broken;
    this.#context = context;
  }

  run(): void {
    for (this.#at = 0; this.#at < this.#statements.length; this.#at++) {
      const statement = this.#statements[this.#at]!;
      const words = statement.words.map((word) => word.text);
      if (!statement.words[0]!.quoted && words[0]!.startsWith("%")) {
        this.#condition(words, statement.line);
      } else if (this.#conditions.every((condition) => condition.taken)) {
        this.#statement(words, { file: this.#file, line: statement.line });
      }
    }
    if (this.#broken !== undefined) throw this.#named(this.#broken);
    this.#refuseTruncation();
  }

  /** A fault of the text itself, with the object in which it lies. */
  #named(fault: Fault): Fault {
    const open = this.#modes.findLast(isOpenMode);
    if (open === undefined || fault.place === undefined) return fault;
    return new Fault(fault.code, fault.what, {
      why: `${fault.why ?? ""}, inside ${modeLabel(open)} of line ${open.origin.line}`,
      values: { object: modeLabel(open) },
      place: fault.place,
    });
  }

  #statement(words: readonly string[], origin: Origin): void {
    const [first = ""] = words;
    if (first === "top") {
      this.#refuseOpenObject(origin);
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
        this.#property(mode, words, origin);
        return;
      case "sub":
        mode.children.push(propertyLine(words, origin, true));
        return;
      case "ignored":
        return;
      default:
        this.#global(words, origin);
    }
  }

  #leave(mode: Mode | undefined, discard: boolean): void {
    this.#modes.pop();
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

  #global(words: readonly string[], origin: Origin): void {
    const first = words[0]!;
    if (isConfigure(words)) {
      this.#modes.length = 0;
      this.#modes.push({ type: "global" });
    } else if (first === "crypto" && words.length === 1) {
      this.#modes.push({ type: "crypto", origin });
    } else if (first === "diag" || first === "documentcache") {
      this.#modes.push({ type: "ignored", word: first, origin });
    } else if (first === "exec") {
      this.#execute(words, origin);
    } else if (first === "no") {
      this.#remove(words.slice(1), origin);
    } else {
      this.#open(words, origin);
    }
  }

  #execute(words: readonly string[], origin: Origin): void {
    const url = words[1];
    if (url === undefined) this.#unknown(words, origin, "exec without a URL");
    else this.#context.execute(url, origin);
  }

  #open(words: readonly string[], origin: Origin): void {
    const opened = openedAlias(words);
    if (opened !== undefined) {
      this.#openKnown(
        opened.alias,
        words.slice(opened.length),
        plainCommandLength(words) > 0,
        origin,
      );
      return;
    }
    if (plainCommandLength(words) > 0) return;
    const full = expandGlobalWord(words[0]!);
    if (full !== undefined && full !== words[0]) this.#open([full, ...words.slice(1)], origin);
    else this.#openUnknown(words, origin);
  }

  #openKnown(alias: string, rest: readonly string[], plain: boolean, origin: Origin): void {
    const singleton = kindOfAlias(alias)?.singleton === true;
    const name = singleton ? alias : (rest[0] ?? alias);
    const { table, domain } = this.#context;
    const object = openObject(table, domain, alias, name, origin);
    // `xmlmgr "n"` stands alone: what follows it are more one-line facets of the same object
    if (plain && (alias === "xmlmgr" || !this.#propertyFollows(alias))) return;
    const oneLine = rest.length > 1;
    if (oneLine) this.#oneLine(object, singleton ? rest : rest.slice(1), origin);
    if (oneLine ? alias === "http" : this.#bodyFollows(alias)) {
      this.#modes.push({ type: "object", object, origin });
    }
  }

  /** `key "n" "cert:///f"`, `idcred "n" "key" "cert"` …: a whole object on one line. */
  #oneLine(object: OpenObject, values: readonly string[], origin: Origin): void {
    applyLine(object, {
      name: "(arguments)",
      arguments: values,
      negated: false,
      origin,
      known: true,
    });
  }

  #openUnknown(words: readonly string[], origin: Origin): void {
    const modal = words.length <= 2 && this.#looksLikeBody();
    this.#unknown(words, origin, `unknown statement "${words[0]}"`);
    if (modal) this.#modes.push({ type: "ignored", word: words[0]!, origin });
  }

  #remove(words: readonly string[], origin: Origin): void {
    const opened = openedAlias(words);
    if (opened === undefined || words.length <= opened.length) return;
    if (plainCommandLength(words) > 0) return;
    const name = words[opened.length]!;
    const object = openObject(new Map(), this.#context.domain, opened.alias, name, origin);
    this.#context.table.delete(objectKey(object.kind, name));
  }

  #property(mode: ObjectMode, words: readonly string[], origin: Origin): void {
    const { object } = mode;
    if (words[0] === "reset" && words.length === 1) {
      resetObject(object);
      return;
    }
    const negated = words[0] === "no" && words.length > 1;
    const bare = negated ? words.slice(1) : words;
    const { word, known } = propertyWord(object.alias, bare[0]!);
    if (!known) this.#refuseUnclosed(mode, bare, origin);
    if (!negated && bare.length === 1 && opensSubMode(object.alias, word)) {
      this.#modes.push({ type: "sub", parent: mode, name: word, origin, children: [] });
      return;
    }
    applyLine(object, { ...propertyLine([word, ...bare.slice(1)], origin, known), negated });
  }

  /** A statement that opens another object, inside an object: the `exit` in between was lost. */
  #refuseUnclosed(mode: ObjectMode, words: readonly string[], origin: Origin): void {
    const opened = openedAlias(words);
    const catalogued = propertyNames(mode.object.alias).size > 2;
    if (!catalogued || opened === undefined || words.length !== opened.length + 1) return;
    // a property that the catalogue lacks may bear the name of an object: then no body follows it
    if (!this.#propertyFollows(opened.alias) && this.#nextWords()?.[0] !== "reset") return;
    throw new Fault("CONFIG_INVALID", `cannot read ${this.#file}`, {
      why: `${objectLabel(mode.object)} (line ${mode.origin.line}) is not closed by exit before ${words.join(" ")}`,
      values: { object: objectLabel(mode.object) },
      place: { file: origin.file, line: origin.line },
    });
  }

  #condition(words: readonly string[], line: number): void {
    const [first, kind = "", argument = ""] = words;
    if (first === "%endif%") {
      const condition = this.#conditions.pop();
      if (condition !== undefined && !condition.taken) {
        this.#context.skipped.push({
          file: this.#file,
          firstLine: condition.line,
          lastLine: line,
          condition: condition.text,
        });
      }
      return;
    }
    const origin = { file: this.#file, line };
    const text = words.slice(1).join(" ");
    if (first !== "%if%") {
      this.#unknown(words, origin, `unknown directive "${first}"`);
      return;
    }
    this.#conditions.push({ text, line, taken: this.#holds(kind, argument, words, origin) });
  }

  #holds(kind: string, argument: string, words: readonly string[], origin: Origin): boolean {
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
        this.#unknown(words, origin, `unknown condition "${kind}", taken as false`);
        return false;
    }
  }

  /** Whether the next statement can only belong to the object that was just named. */
  #bodyFollows(alias: string): boolean {
    const next = this.#nextWords();
    if (next === undefined) return true;
    const word = next[0] === "no" ? (next[1] ?? "") : next[0]!;
    if (word === "exit") return this.#modes.at(-1)?.type !== "crypto" || !exitClosesCrypto(alias);
    if (word === "reset" || word === "admin-state" || word === "summary") return true;
    const names = propertyNames(alias);
    if (names.size > 2 && propertyWord(alias, word).known) return true;
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
    const words = next.words.map((word) => word.text);
    return words[0]!.startsWith("%") ? ["top"] : words;
  }

  #refuseOpenObject(origin: Origin): void {
    const mode = this.#modes.at(-1);
    if (mode?.type !== "object" && mode?.type !== "sub") return;
    const object = mode.type === "object" ? mode.object : mode.parent.object;
    throw new Fault("CONFIG_INVALID", `cannot read ${this.#file}`, {
      why: `${objectLabel(object)} (line ${mode.origin.line}) is not closed by exit`,
      values: { object: objectLabel(object) },
      place: { file: origin.file, line: origin.line },
    });
  }

  #refuseTruncation(): void {
    const open = this.#modes.findLast(isOpenMode);
    const condition = this.#conditions.at(-1);
    if (open === undefined && condition === undefined) return;
    const line = this.#statements.at(-1)?.line ?? 1;
    const what =
      open === undefined
        ? `the condition of line ${condition?.line ?? 1}, %if% ${condition?.text ?? ""}`
        : `${modeLabel(open)}, opened in line ${open.origin.line}`;
    throw new Fault("CONFIG_TRUNCATED", `cannot read ${this.#file}`, {
      why: `the file ends inside ${what}`,
      values: { object: open === undefined ? "" : modeLabel(open) },
      place: { file: this.#file, line },
    });
  }

  #unknown(words: readonly string[], origin: Origin, message: string): void {
    this.#context.problems.push({
      severity: "warning",
      scope: "object",
      domain: this.#context.domain,
      origin,
      message: `${message}: ${words.slice(0, 4).join(" ")}`,
    });
  }
}
