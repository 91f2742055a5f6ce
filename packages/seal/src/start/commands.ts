import { followElf } from "./libraries.ts";
import { absolute, fileAt, located, nameOf, note, type Trail, trouble } from "./trail.ts";

/** Interpreters of interpreters that the kernel follows (BINPRM recursion). */
const scriptDepth = 5;

/** Commands inside commands that are followed. */
const commandDepth = 12;

/** Programs that start the command behind their options; and which options take a word with them. */
const wrappers: Readonly<Record<string, { readonly valued: RegExp; readonly skip: number }>> = {
  "dumb-init": { valued: /^(?:-r|--rewrite)$/u, skip: 0 },
  catatonit: { valued: /^$/u, skip: 0 },
  chpst: { valued: /^-[ueUnb/]$/u, skip: 0 },
  chroot: { valued: /^$/u, skip: 1 },
  env: { valued: /^(?:-u|--unset|-C|--chdir)$/u, skip: 0 },
  exec: { valued: /^-a$/u, skip: 0 },
  gosu: { valued: /^$/u, skip: 1 },
  nice: { valued: /^-n$/u, skip: 0 },
  nohup: { valued: /^$/u, skip: 0 },
  setpriv: { valued: /^$/u, skip: 0 },
  stdbuf: { valued: /^-[ioe]$/u, skip: 0 },
  "su-exec": { valued: /^$/u, skip: 1 },
  timeout: { valued: /^-[ks]$/u, skip: 1 },
  tini: { valued: /^-[pe]$/u, skip: 0 },
  "tini-static": { valued: /^-[pe]$/u, skip: 0 },
};

const shells = /^(?:sh|bash|dash|ash|ksh|mksh|zsh|rbash)$/u;

/** Interpreters whose first word is their program. */
const interpreters =
  /^(?:node|nodejs|bun|deno|python[0-9.]*|pypy[0-9.]*|perl[0-9.]*|ruby[0-9.]*|php[0-9.]*|lua[0-9.]*|java|awk|tclsh[0-9.]*)$/u;

/** Options of interpreters that take a file to run, or a word that is none. */
const fileOptions = /^(?:-r|--require|--import|--loader|--experimental-loader|-jar|-f)$/u;
const wordOptions = /^(?:-m|-M|-I|-W|-X|-C|--env-file|--title|-cp|-classpath|--class-path|-d)$/u;
const codeOptions = /^(?:-e|-c|-p|--eval|--print|-pe)$/u;

/** Follows a command: its program, and what the program's words name that is started too. */
export function followCommand(
  trail: Trail,
  words: readonly string[],
  why: readonly string[],
  depth = 0,
): void {
  const [first, ...rest] = words;
  const program = located(trail, first ?? "");
  if (first === undefined || program === undefined) return;
  if (depth > commandDepth) {
    trouble(trail, program, [...why, "commands in commands go deeper than is followed"]);
    return;
  }
  const steps = [...why, program === first ? `it starts \`${first}\`` : startText(first, program)];
  followProgram(trail, program, steps, 0);
  followWords(trail, program, rest, steps, depth);
}

/** Follows a program file: a script to its interpreter, an ELF file to its loader and libraries. */
export function followProgram(
  trail: Trail,
  path: string,
  why: readonly string[],
  depth: number,
): void {
  note(trail, { path, as: "program", why });
  const node = fileAt(trail, path);
  if (node === undefined) return;
  trail.programs.add(node.path);
  if (trail.seen.has(node.path)) return;
  trail.seen.add(node.path);
  const content = trail.contents.at(node.path);
  if (content?.trouble !== undefined) trouble(trail, node.path, [...why, content.trouble]);
  if (content?.elf !== undefined) followElf(trail, path, content.elf, why);
  if (content?.script === undefined) return;
  if (depth >= scriptDepth) {
    trouble(trail, node.path, [
      ...why,
      "its interpreters are scripts, more than the kernel follows",
    ]);
    return;
  }
  followScript(trail, path, content.script, why, depth);
}

/** `#!/usr/bin/env -S node --flag`: the interpreter, what env starts, and the script as its program. */
function followScript(
  trail: Trail,
  path: string,
  line: string,
  why: readonly string[],
  depth: number,
): void {
  const [, interpreter = "", argument = ""] = /^[ \t]*(\S+)[ \t]*(.*?)[ \t]*$/su.exec(line) ?? [];
  if (interpreter === "") return;
  const steps = [...why, `\`${path}\` is a script of \`${interpreter}\``];
  followProgram(trail, absolute(trail, interpreter), steps, depth + 1);
  if (nameOf(interpreter) !== "env") {
    addScript(trail, nameOf(interpreter), path);
    return;
  }
  // Without -S env gets the whole rest of the line as one word.
  const split = /^(?:-S|--split-string(?:=|\s))\s*(.*)$/su.exec(argument)?.[1];
  const words = split === undefined ? [argument] : split.split(/\s+/u);
  const [word, ...rest] = withoutEnvironment(words);
  const program = located(trail, word ?? "");
  if (word === undefined || program === undefined) return;
  const found = [...steps, startText(word, program)];
  followProgram(trail, program, found, depth + 1);
  addScript(trail, nameOf(program), path);
  followWords(trail, program, rest, found, commandDepth);
}

function followWords(
  trail: Trail,
  program: string,
  words: readonly string[],
  why: readonly string[],
  depth: number,
): void {
  const name = nameOf(program);
  const real = nameOf(fileAt(trail, program)?.path ?? program);
  const wrapper = wrappers[name];
  if (wrapper !== undefined) {
    followCommand(trail, behindOptions(name, wrapper, words), why, depth + 1);
  } else if (shells.test(name) || shells.test(real)) {
    followShell(trail, name, words, why, depth);
  } else if (interpreters.test(name) || interpreters.test(real)) {
    followInterpreter(trail, interpreters.test(name) ? name : real, words, why);
  } else if (isScript(trail, program) && words[0] !== undefined && !words[0].startsWith("-")) {
    // An entrypoint script ends in exec "$@", as a rule.
    followCommand(trail, words, [...why, "its words may be the command that it starts"], depth + 1);
  }
}

function followShell(
  trail: Trail,
  name: string,
  words: readonly string[],
  why: readonly string[],
  depth: number,
): void {
  const options = words.slice(0, countOptions(words));
  if (options.some((word) => word === "--login" || /^-[a-z]*l/u.test(word))) {
    trail.hasLoginShell = true;
  }
  const next = words[options.length];
  if (next === undefined) return;
  if (options.some((word) => /^-[a-z]*c[a-z]*$/u.test(word))) {
    for (const command of commandsOf(next)) {
      followCommand(trail, command, [...why, "in the shell's text"], depth + 1);
    }
    return;
  }
  followGiven(trail, name, next, why);
}

function followInterpreter(
  trail: Trail,
  name: string,
  words: readonly string[],
  why: readonly string[],
): void {
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    const inline = /^(?:--require|--import|--loader|--experimental-loader)=(.+)$/u.exec(word)?.[1];
    if (inline !== undefined) followGiven(trail, name, inline, why);
    else if (codeOptions.test(word) || word === "-m") return;
    else if (fileOptions.test(word)) {
      index += 1;
      followGiven(trail, name, words[index] ?? "", why);
      if (word === "-jar") return;
    } else if (wordOptions.test(word)) index += 1;
    else if (!word.startsWith("-")) {
      followGiven(trail, name, word, why);
      return;
    }
  }
}

/** A file that an interpreter is given; a word that is no file of the image is none. */
function followGiven(trail: Trail, name: string, word: string, why: readonly string[]): void {
  const path = absolute(trail, word);
  const isNamed = word.startsWith("/") || word.startsWith(".");
  if (word === "" || (fileAt(trail, path) === undefined && !isNamed)) return;
  note(trail, { path, as: "program", why: [...why, `\`${name}\` runs \`${word}\``] });
  addScript(trail, name, path);
}

function addScript(trail: Trail, interpreter: string, path: string): void {
  trail.scripts.push({ interpreter, path: fileAt(trail, path)?.path ?? path });
}

function behindOptions(
  name: string,
  { valued, skip }: { readonly valued: RegExp; readonly skip: number },
  words: readonly string[],
): readonly string[] {
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--") {
      at += 1;
      break;
    }
    if (!word.startsWith("-")) break;
    if (name === "env" && (word === "-S" || word === "--split-string")) {
      return withoutEnvironment((words[at + 1] ?? "").split(/\s+/u));
    }
    if (valued.test(word)) at += 1;
  }
  const rest = words.slice(at + skip);
  return name === "env" ? withoutEnvironment(rest) : rest;
}

function withoutEnvironment(words: readonly string[]): readonly string[] {
  const at = words.findIndex((word) => word !== "" && !/^(?:[A-Za-z_]\w*=|-)/u.test(word));
  return at === -1 ? [] : words.slice(at);
}

/** Words of the simple commands in a shell's text, as far as they are plain words. */
export function commandsOf(text: string): readonly (readonly string[])[] {
  return text
    .split(/[;&|\n(){}]+|\b(?:then|do|else|if|while|until)\b/u)
    .map((part) => {
      const words = part
        .trim()
        .split(/\s+/u)
        .map((word) => word.replace(/^(["'])(.*)\1$/su, "$2"));
      const plain = words.slice(
        words.findIndex((word) => !/^(?:[A-Za-z_]\w*=.*|exec|!|time)$/u.test(word)),
      );
      const end = plain.findIndex((word) => /^\d*[<>]/u.test(word));
      return end === -1 ? plain : plain.slice(0, end);
    })
    .filter(([first = ""]) => /^[\w./+-]+$/u.test(first));
}

function countOptions(words: readonly string[]): number {
  const at = words.findIndex((word) => !word.startsWith("-") && !word.startsWith("+"));
  return at === -1 ? words.length : at;
}

function isScript(trail: Trail, program: string): boolean {
  const node = fileAt(trail, program);
  return node !== undefined && trail.contents.at(node.path)?.script !== undefined;
}

function startText(word: string, program: string): string {
  return word.includes("/")
    ? `it starts \`${word}\``
    : `it starts \`${word}\`, found as \`${program}\``;
}
