import { cacheKey } from "../cache.ts";
import { patternList } from "../context/patterns.ts";
import type { Source } from "../context/source.ts";
import { unpackArchive } from "../copy/archive.ts";
import { parseChmod } from "../copy/chmod.ts";
import { Draft } from "../copy/draft.ts";
import { type Destination, placeLooseFile, placeSelection } from "../copy/place.ts";
import { type Selected, selectSources } from "../copy/select.ts";
import { expandContent } from "../dockerfile/expand.ts";
import { heredocsOf } from "../dockerfile/heredoc.ts";
import type { Heredoc, Instruction } from "../dockerfile/instruction.ts";
import { jsonWords, plainWords } from "../dockerfile/words.ts";
import { contentOf } from "../layer/entry.ts";
import { FileIndex } from "../layer/file-index.ts";
import {
  expanded,
  flagSet,
  flagValue,
  type InstructionRule,
  invalid,
  type StepContext,
  scopeOf,
} from "./rule.ts";
import { absolutePath } from "./workdir.ts";

export const copyRule: InstructionRule = {
  keyword: "COPY",
  flags: ["from", "chown", "chmod", "link", "parents", "exclude"],
  heredocs: true,
  check: checkArguments,
  apply: copy,
};

export const addRule: InstructionRule = {
  keyword: "ADD",
  flags: ["chown", "chmod", "link", "exclude", "unpack", "checksum", "keep-git-dir"],
  heredocs: true,
  check: (instruction) => {
    const { sources } = checkArguments(instruction);
    const remoteOnly = instruction.flags.find(({ name }) => onlyRemote.has(name));
    if (remoteOnly !== undefined)
      throw invalid(instruction, `--${remoteOnly.name} is for remote sources only`);
    const remote = sources.find((source) => /^(?:https?:\/\/|git@|git:\/\/|ssh:\/\/)/.test(source));
    if (remote !== undefined)
      throw invalid(
        instruction,
        `${remote} is remote, and a build reaches nothing outside its context`,
        "fetch it before the build, check its digest, and COPY the file",
      );
  },
  apply: copy,
};

/** Flags of ADD that would check or shape what was fetched. */
const onlyRemote: ReadonlySet<string> = new Set(["checksum", "keep-git-dir"]);

interface CopyWords {
  readonly sources: readonly string[];
  readonly destination: string;
}

function checkArguments(instruction: Instruction): CopyWords {
  const words = jsonWords(instruction.rest) ?? plainWords(instruction.rest);
  const destination = words.at(-1);
  if (words.length < 2 || destination === undefined)
    throw invalid(instruction, "it takes at least one source and a destination");
  if (words.length > 2 && !/(?:^\.|\/|\/\.|\$.*)$/.test(destination) && !destination.includes("$"))
    throw invalid(
      instruction,
      `${words.length - 1} sources, and ${destination} is not a directory`,
      `write ${destination}/`,
    );
  return { sources: words.slice(0, -1), destination };
}

/** Everything a COPY or ADD does, variables expanded. */
interface CopyPlan {
  readonly step: StepContext;
  readonly source: Source;
  readonly selected: readonly Selected[];
  readonly heredocs: readonly { readonly name: string; readonly bytes: Buffer }[];
  readonly destination: Destination;
  readonly unpacks: boolean;
}

async function copy(step: StepContext): Promise<void> {
  const { instruction, stage, workshop } = step;
  const plan = await planOf(step);
  const { destination, selected, source, heredocs } = plan;
  if (selected.length + heredocs.length === 0)
    workshop.report({
      kind: "warning",
      text: `nothing matches: ${instruction.keyword} ${instruction.rest}`,
    });
  const nodes = selected.flatMap(({ root, above, below }) => [
    root,
    ...above.map(({ node }) => node),
    ...below.map(({ node }) => node),
  ]);
  const links = flagSet(instruction, "link");
  const { keyword, flags } = instruction;
  const key = cacheKey([
    keyword,
    links ? workshop.epoch : workshop.stateOf(stage),
    flags.map(({ name, value }) => [name, value === undefined ? "" : expanded(step, value)]),
    [destination.path, destination.isDirectory, destination.owner ?? null],
    selected.map(({ root, landing }) => [root.path, landing]),
    await source.fingerprint(nodes),
    heredocs.map(({ name, bytes }) => [name, bytes.toString("base64")]),
  ]);
  const shown = jsonWords(instruction.rest) ?? plainWords(instruction.rest);
  await workshop.layerStep(stage, {
    key,
    createdBy: `${keyword} ${shown.map((word) => expanded(step, word)).join(" ")}`,
    below: links ? new FileIndex() : undefined,
    make: async () => {
      const below = links ? new FileIndex() : await stage.files();
      const draft = new Draft(below, instruction.place);
      await carryOut(plan, draft);
      return { entries: draft.entries };
    },
  });
}

async function planOf(step: StepContext): Promise<CopyPlan> {
  const { instruction, stage, workshop } = step;
  const { keyword, heredocs, escaping, place } = instruction;
  const words = checkArguments(instruction);
  const opened = new Set(heredocsOf(instruction.rest, escaping).map(({ word }) => word));
  const target = expanded(step, words.destination);
  const from = flagValue(instruction, "from");
  const source = await workshop.source(from, step);
  const patterns = words.sources.filter((word) => !opened.has(word));
  const excluded = instruction.flags.filter(({ name }) => name === "exclude");
  const chmod = flagValue(instruction, "chmod");
  const chown = flagValue(instruction, "chown");
  const selected = await selectSources(
    source,
    patterns.map((word) => expanded(step, word)),
    {
      parents: flagSet(instruction, "parents"),
      excluded: patternList(excluded.map(({ value = "" }) => expanded(step, value))),
      place,
    },
  );
  const isDirectory = /(?:^|\/)\.?$/.test(target);
  if (words.sources.length > 1 && !isDirectory)
    throw invalid(
      instruction,
      `${words.sources.length} sources, and ${target} is not a directory`,
      `write ${target}/`,
    );
  return {
    step,
    source,
    selected,
    heredocs: heredocs.map((heredoc) => looseFile(step, heredoc)),
    destination: {
      path: absolutePath(stage.workingDirectory, target).slice(1),
      isDirectory,
      place,
      ...(chmod === undefined ? {} : { mode: parseChmod(expanded(step, chmod), place) }),
      ...(chown === undefined
        ? {}
        : { owner: await workshop.owner(stage, expanded(step, chown), instruction) }),
    },
    unpacks:
      keyword === "ADD" &&
      (flagValue(instruction, "unpack") === undefined || flagSet(instruction, "unpack")),
  };
}

async function carryOut(plan: CopyPlan, draft: Draft): Promise<void> {
  const { step, source, destination, selected, heredocs } = plan;
  const spool = step.workshop.spool;
  const nodes = selected.flatMap(({ root, below }) => [root, ...below.map(({ node }) => node)]);
  const contents = await source.contents(nodes);
  const whole: Selected[] = [];
  for (const item of selected) {
    const content = contents.get(item.root.path);
    const file = content === undefined ? undefined : { name: item.landing, content };
    const unpacked =
      plan.unpacks && file !== undefined && (await unpackArchive(draft, destination, file, spool));
    if (!unpacked) whole.push(item);
  }
  if (whole.length > 0) placeSelection(draft, destination, whole, contents);
  for (const { name, bytes } of heredocs)
    placeLooseFile(draft, destination, { name, content: contentOf(bytes), size: bytes.length });
}

function looseFile(
  step: StepContext,
  heredoc: Heredoc,
): { readonly name: string; readonly bytes: Buffer } {
  const text = heredoc.expands ? expandContent(heredoc.content, scopeOf(step)) : heredoc.content;
  return { name: heredoc.name, bytes: Buffer.from(text) };
}
