import { Fault, type Place, suggestion } from "@lithify/fault";
import { DockerfileParser } from "dockerfile-ast";
import { heredocsOf, readHeredoc } from "./heredoc.ts";
import type { Flag, Heredoc, Instruction } from "./instruction.ts";
import { readLogicalLine } from "./logical-line.ts";
import { quotedWords } from "./words.ts";

/** What the parser must know of an instruction. */
export interface Grammar {
  readonly keyword: string;
  /** Names of the flags it takes, without the dashes. */
  readonly flags: readonly string[];
  readonly heredocs: boolean;
}

/** Characters of a Dockerfile. */
export const maximumDockerfileSize = 1 << 20;

/**
 * The instructions of a Dockerfile in order. Where each begins is dockerfile-ast's finding; how a line is
 * joined, split and closed follows BuildKit's parser.
 * @throws Fault DOCKERFILE_INVALID with the place
 */
export function parseDockerfile(
  text: string,
  file: string,
  grammars: ReadonlyMap<string, Grammar>,
): readonly Instruction[] {
  if (text.length > maximumDockerfileSize)
    throw new Fault("LIMIT_EXCEEDED", `reading ${file}`, {
      why: "a Dockerfile has at most 1 MiB",
      values: { characters: text.length, limit: maximumDockerfileSize },
    });
  const reader = new Reader(text, file, grammars);
  const instructions: Instruction[] = [];
  let source = text;
  for (let end = 0; ; ) {
    const { found, resume } = readFrom(reader, source, end);
    instructions.push(...found);
    if (resume === undefined) return instructions;
    end = resume;
    source = blanked(text, reader.firstStart, end);
  }
}

/**
 * The instructions that dockerfile-ast finds from an offset on. It takes a doubled escape character at the end of
 * a line for a continuation and BuildKit does not: then `resume` says where to look again.
 */
function readFrom(
  reader: Reader,
  source: string,
  from: number,
): { readonly found: readonly Instruction[]; readonly resume?: number } {
  const ast = DockerfileParser.parse(source);
  const escaping = ast.getEscapeCharacter();
  const found: Instruction[] = [];
  let end = from;
  for (const instruction of ast.getInstructions()) {
    const start = reader.offset(instruction.getRange().start);
    if (start < end) continue;
    const read = reader.read(start, escaping);
    found.push(read.instruction);
    end = read.end;
    const astEnd = reader.offset(instruction.getRange().end);
    if (source.slice(end, astEnd).trim() !== "") return { found, resume: end };
  }
  return { found };
}

/** The text with blanks in the place of everything between two offsets but line ends. */
function blanked(text: string, start: number, end: number): string {
  return text.slice(0, start) + text.slice(start, end).replace(/[^\r\n]/g, " ") + text.slice(end);
}

class Reader {
  readonly #text: string;
  readonly #file: string;
  readonly #grammars: ReadonlyMap<string, Grammar>;
  readonly #lines: number[] = [0];
  /** Where the first instruction begins: before it there may be directives. */
  firstStart = 0;

  constructor(text: string, file: string, grammars: ReadonlyMap<string, Grammar>) {
    this.#text = text;
    this.#file = file;
    this.#grammars = grammars;
    for (let i = 0; i < text.length; i++) if (text[i] === "\n") this.#lines.push(i + 1);
  }

  offset(position: { readonly line: number; readonly character: number }): number {
    return (this.#lines[position.line] ?? this.#text.length) + position.character;
  }

  place(offset: number): Place {
    let line = this.#lines.findLastIndex((start) => start <= offset);
    if (line < 0) line = 0;
    return { file: this.#file, line: line + 1, column: offset - (this.#lines[line] ?? 0) + 1 };
  }

  read(
    start: number,
    escaping: string,
  ): { readonly instruction: Instruction; readonly end: number } {
    if (this.firstStart === 0) this.firstStart = start;
    const line = readLogicalLine(this.#text, start, escaping);
    const match = /^(\S+)\s*/.exec(line.text);
    const word = match?.[1] ?? "";
    const keyword = word.toUpperCase();
    const grammar = this.#grammars.get(keyword);
    const place = this.place(start);
    if (grammar === undefined) throw this.#unknownInstruction(word, place);
    const at = (index: number): Place =>
      this.place(line.offsets[index] ?? line.offsets.at(-1) ?? start);
    const head = match?.[0].length ?? 0;
    const { flags, restStart } = readFlags(line.text, head, escaping, grammar, at);
    const opening = {
      end: line.end,
      escaping,
      grammar,
      at: (index: number) => at(restStart + index),
    };
    const { heredocs, end } = this.#heredocs(line.text.slice(restStart), opening);
    const rest = line.text.slice(restStart).trim();
    return { instruction: { keyword, flags, rest, heredocs, place, escaping }, end };
  }

  #heredocs(
    rest: string,
    line: {
      readonly end: number;
      readonly escaping: string;
      readonly grammar: Grammar;
      readonly at: (index: number) => Place;
    },
  ): { readonly heredocs: readonly Heredoc[]; readonly end: number } {
    const heredocs: Heredoc[] = [];
    const { grammar, escaping, at } = line;
    const inner = this.#grammars.get(/^\S+/.exec(rest)?.[0].toUpperCase() ?? "");
    const takes = grammar.keyword === "ONBUILD" ? inner?.heredocs === true : grammar.heredocs;
    let end = line.end;
    for (const start of takes ? heredocsOf(rest, escaping) : []) {
      const read = readHeredoc(this.#text, end, start);
      if (read === undefined)
        throw new Fault("DOCKERFILE_INVALID", `the here-document ${start.word}`, {
          why: `no line that holds only ${start.name} closes it`,
          place: at(start.start),
        });
      heredocs.push(read.heredoc);
      end = read.end;
    }
    return { heredocs, end };
  }

  #unknownInstruction(word: string, place: Place): Fault {
    const hint = suggestion(word.toUpperCase(), [...this.#grammars.keys()]);
    return new Fault("DOCKERFILE_INVALID", `the instruction ${word}`, {
      why: "there is no such instruction",
      place,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

function readFlags(
  line: string,
  start: number,
  escaping: string,
  grammar: Grammar,
  at: (index: number) => Place,
): { readonly flags: readonly Flag[]; readonly restStart: number } {
  const flags: Flag[] = [];
  let restStart = start;
  if (grammar.flags.length === 0) return { flags, restStart };
  for (const word of quotedWords(line.slice(start), escaping)) {
    restStart = start + word.start;
    if (!word.text.startsWith("--")) return { flags, restStart };
    if (word.text === "--") return { flags, restStart: restStart + 2 };
    const match = /^--([^=]*)(?:=(.*))?$/s.exec(word.text);
    const name = match?.[1] ?? "";
    const place = at(start + word.start);
    if (!grammar.flags.includes(name)) throw unknownFlag(grammar, name, place);
    flags.push({ name, value: match?.[2], place });
    restStart = start + word.start + word.text.length;
  }
  return { flags, restStart };
}

function unknownFlag(grammar: Grammar, name: string, place: Place): Fault {
  const near = suggestion(name, grammar.flags);
  const known = grammar.flags.map((flag) => `--${flag}`).join(", ");
  return new Fault("DOCKERFILE_INVALID", `the flag --${name} of ${grammar.keyword}`, {
    why: "there is no such flag",
    place,
    hint:
      near === undefined ? `${grammar.keyword} takes ${known}` : near.replace("mean ", "mean --"),
  });
}
