import { nearestWord } from "@lithify/fault";
import type { ManifestPlace } from "../access/manifest-place.ts";
import { dockerFlags, dockerLetters } from "./docker-flags.ts";
import type { Said } from "./launch.ts";
import { launchFault } from "./launch-fault.ts";
import { shellWords } from "./shell-words.ts";

/** A word of the line; `mayExpand`: a shell would put something in. */
export interface DockerWord extends Said<string> {
  readonly mayExpand: boolean;
}

/** A `docker run` line, taken apart. */
export interface DockerLine {
  readonly place: ManifestPlace;
  readonly image: DockerWord;
  /** Behind the image. */
  readonly command: readonly DockerWord[];
  /** Values of a flag in order; `true` or `false` of a switch. */
  all(flag: string): readonly DockerWord[];
  last(flag: string): DockerWord | undefined;
}

/** Takes `[sudo] docker [container] run FLAGS IMAGE [COMMAND…]` apart. Throws Fault LAUNCH_INVALID with the place. */
export function dockerLine(text: string, file: string): DockerLine {
  const words = [...shellWords(text, file)];
  const start = words[0]?.place ?? { file, line: 1, column: 1 };
  takeVerb(words, start);
  const flags = new Map<string, DockerWord[]>();
  const give = (name: string, value: DockerWord) =>
    flags.set(name, [...(flags.get(name) ?? []), value]);
  for (;;) {
    const word = words[0];
    if (word === undefined) break;
    if (word.value === "--") {
      words.shift();
      break;
    }
    if (!word.value.startsWith("-") || word.value === "-") break;
    words.shift();
    if (word.value.startsWith("--")) longFlag(word, words, give);
    else shortFlags(word, words, give);
  }
  const [image, ...command] = words;
  if (image === undefined) throw launchFault(start, "it names no image");
  return {
    place: start,
    image,
    command,
    all: (flag) => flags.get(flag) ?? [],
    last: (flag) => flags.get(flag)?.at(-1),
  };
}

/** Takes `[sudo] docker [container] run` off. */
function takeVerb(words: DockerWord[], start: ManifestPlace): void {
  if (words[0]?.value === "sudo") words.shift();
  const docker = words.shift();
  if (docker === undefined || !/(?:^|\/)docker$/u.test(docker.value)) {
    throw launchFault(docker?.place ?? start, "it does not begin with docker run");
  }
  if (words[0]?.value === "container") words.shift();
  const verb = words.shift();
  if (verb?.value !== "run" && verb?.value !== "create") {
    throw launchFault(verb?.place ?? start, "only docker run and docker create start a container");
  }
}

type Give = (name: string, value: DockerWord) => void;

function longFlag(word: DockerWord, rest: DockerWord[], give: Give): void {
  const equals = word.value.indexOf("=");
  const name = word.value.slice(2, equals === -1 ? undefined : equals);
  const form = dockerFlags.get(name);
  if (form === undefined) throw unknownFlag(word, `--${name}`);
  const own = { ...word, value: word.value.slice(equals + 1) };
  if (form === "switch") give(name, switchWord(word, equals === -1 ? "true" : own.value));
  else if (equals !== -1) give(name, own);
  else give(name, valueFor(word, rest));
}

/** `-it`, `-u1000`, `-u=1000`, `-itv /a:/b`. */
function shortFlags(word: DockerWord, rest: DockerWord[], give: Give): void {
  for (let at = 1; at < word.value.length; at += 1) {
    const letter = word.value[at] ?? "";
    const name = Object.hasOwn(dockerLetters, letter) ? dockerLetters[letter] : undefined;
    if (name === undefined) throw unknownFlag(word, `-${letter}`);
    const left = word.value.slice(at + 1);
    if (dockerFlags.get(name) === "switch") {
      const hasValue = left.startsWith("=");
      give(name, switchWord(word, hasValue ? left.slice(1) : "true"));
      if (hasValue) return;
      continue;
    }
    const own = { ...word, value: left.replace(/^=/u, "") };
    give(name, left === "" ? valueFor(word, rest) : own);
    return;
  }
}

function valueFor(word: DockerWord, rest: DockerWord[]): DockerWord {
  const value = rest.shift();
  if (value === undefined) throw launchFault(word.place, `${word.value} has no value`);
  return value;
}

/** As strconv.ParseBool of Go reads it. */
function switchWord(word: DockerWord, text: string): DockerWord {
  if (/^(?:1|t|T|true|TRUE|True)$/u.test(text)) return { ...word, value: "true" };
  if (/^(?:0|f|F|false|FALSE|False)$/u.test(text)) return { ...word, value: "false" };
  throw launchFault(word.place, `${word.value} is neither true nor false`);
}

function unknownFlag(word: DockerWord, flag: string): Error {
  const near = nearestWord(
    flag,
    [...dockerFlags.keys()].map((name) => `--${name}`),
  );
  return launchFault(
    word.place,
    `${flag} is no flag of docker run`,
    near === undefined ? undefined : `Did you mean ${near}?`,
  );
}
