import type { ManifestPlace } from "../access/manifest-place.ts";
import type { Said } from "./launch.ts";
import { launchFault } from "./launch-fault.ts";

/**
 * The words of a command line as a POSIX shell splits it: quotes, backslashes, lines that go on behind a backslash.
 * What a shell would put in (`$NAME`, `$(…)`) stays as it is written; `mayExpand` tells whether a word has such.
 * Throws Fault LAUNCH_INVALID for a quote that is not closed, and for `;`, `|`, `&`, `<` and `>` outside quotes.
 */
export function shellWords(
  text: string,
  file: string,
): readonly (Said<string> & { readonly mayExpand: boolean })[] {
  const words: (Said<string> & { readonly mayExpand: boolean })[] = [];
  const place = (at: number): ManifestPlace => {
    const before = text.slice(0, at).split("\n");
    return { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  };
  let at = 0;
  while (at < text.length) {
    const space = /^(?:[ \t\r\n]|\\\r?\n)+/u.exec(text.slice(at));
    if (space !== null) {
      at += space[0].length;
      continue;
    }
    const start = at;
    let word = "";
    let mayExpand = false;
    while (at < text.length && !/[ \t\r\n]/u.test(text[at] ?? "")) {
      const part = partAt(text, at, place);
      word += part.text;
      mayExpand ||= part.mayExpand;
      at = part.end;
    }
    words.push({ value: word, place: place(start), mayExpand });
  }
  return words;
}

interface Part {
  readonly text: string;
  readonly mayExpand: boolean;
  readonly end: number;
}

function partAt(text: string, at: number, place: (at: number) => ManifestPlace): Part {
  const letter = text[at] ?? "";
  if (letter === "'") {
    const end = text.indexOf("'", at + 1);
    if (end === -1) throw launchFault(place(at), "a single quote is not closed");
    return { text: text.slice(at + 1, end), mayExpand: false, end: end + 1 };
  }
  if (letter === '"') return doubleQuoted(text, at, place);
  if (letter === "\\") {
    const next = text[at + 1] ?? "";
    return { text: next === "\n" ? "" : next, mayExpand: false, end: at + 2 };
  }
  if (text.startsWith("$(", at)) {
    const end = text.indexOf(")", at);
    if (end === -1) throw launchFault(place(at), "$( is not closed");
    return { text: text.slice(at, end + 1), mayExpand: true, end: end + 1 };
  }
  if (/[;|&<>]/u.test(letter)) {
    throw launchFault(
      place(at),
      `${letter} means something to a shell`,
      "Give one command alone, without redirection.",
    );
  }
  return { text: letter, mayExpand: /[$`*?[~]/u.test(letter) && letter !== "~", end: at + 1 };
}

function doubleQuoted(text: string, at: number, place: (at: number) => ManifestPlace): Part {
  let word = "";
  let mayExpand = false;
  for (let end = at + 1; end < text.length; end += 1) {
    const letter = text[end] ?? "";
    if (letter === '"') return { text: word, mayExpand, end: end + 1 };
    if (letter === "\\" && /["\\$`\n]/u.test(text[end + 1] ?? "")) {
      end += 1;
      word += text[end] === "\n" ? "" : text[end];
      continue;
    }
    mayExpand ||= letter === "$" || letter === "`";
    word += letter;
  }
  throw launchFault(place(at), "a double quote is not closed");
}
