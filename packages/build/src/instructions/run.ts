import { Fault } from "@lithify/fault";
import { cacheKey } from "../cache.ts";
import { expand } from "../dockerfile/expand.ts";
import { jsonWords } from "../dockerfile/words.ts";
import { entriesFromChanges } from "../layer/normalise.ts";
import { defaultPath } from "../stage.ts";
import type { Step, StepMount } from "../step-runner.ts";
import { parseMount } from "./mounts.ts";
import { type RealisedMount, realiseMount } from "./realise-mount.ts";
import {
  commandWords,
  flagValue,
  type InstructionRule,
  invalid,
  needsArgument,
  type StepContext,
  scopeOf,
} from "./rule.ts";
import { absolutePath } from "./workdir.ts";

/** Lines of a failed RUN's output that its fault shows. */
const shownLines = 20;

export const runRule: InstructionRule = {
  keyword: "RUN",
  flags: ["mount", "network", "security"],
  heredocs: true,
  check: (instruction) => {
    needsArgument(instruction);
    networkOf(instruction);
    const security = flagValue(instruction, "security") ?? "sandbox";
    if (security !== "sandbox")
      throw invalid(instruction, `--security=${security} is not supported`, "leave the flag out");
  },
  apply: async (step) => {
    const { stage, workshop } = step;
    const prepared = await prepare(step);
    const { command, keyParts } = prepared;
    await workshop.layerStep(stage, {
      key: cacheKey(["RUN", workshop.stateOf(stage), command, keyParts]),
      createdBy: createdBy(step, command),
      make: async () => {
        const changes = await run(step, prepared);
        return { entries: await entriesFromChanges(changes, workshop.spool) };
      },
    });
  },
};

interface Prepared {
  readonly command: readonly string[];
  readonly env: readonly string[];
  readonly mounts: () => Promise<readonly StepMount[]>;
  /** What the step depends on besides the files below and the command. */
  readonly keyParts: readonly unknown[];
}

async function prepare(step: StepContext): Promise<Prepared> {
  const { instruction, stage, workshop } = step;
  const scope = scopeOf(step);
  const clauses = instruction.flags
    .filter(({ name }) => name === "mount")
    .map(({ value = "", place }) =>
      parseMount(value, instruction, place, (text) => expand(text, scope)),
    );
  const realised: RealisedMount[] = [];
  for (const clause of clauses) {
    const target = "target" in clause ? clause.target : undefined;
    const placed =
      target === undefined
        ? clause
        : { ...clause, target: absolutePath(stage.workingDirectory, target) };
    realised.push(await realiseMount(placed, step));
  }
  const { command, script } = commandOf(step);
  const secretEnv = realised.flatMap(({ env: own }) => own);
  return {
    command,
    env: [...environment(step, [...workshop.proxyArguments]), ...secretEnv],
    mounts: async () => [
      ...(script === undefined ? [] : [script]),
      ...(await Promise.all(realised.map(({ mount }) => mount()))).flat(),
    ],
    keyParts: [
      environment(step, []),
      [stage.workingDirectory, stage.process.User ?? "", networkOf(instruction)],
      realised.map(({ key }) => key),
      script === undefined ? "" : Buffer.from(script.bytes).toString("base64"),
    ],
  };
}

/** The image's ENV and the ARGs in scope. ENV wins; a PATH is always there. Proxies change no key, as in BuildKit. */
function environment(
  { stage }: StepContext,
  proxies: readonly (readonly [string, string])[],
): readonly string[] {
  const env = new Map<string, string>([["PATH", defaultPath], ...proxies]);
  for (const [name, value] of stage.args) env.set(name, value);
  for (const [name, value] of stage.env) env.set(name, value);
  return [...env].map(([name, value]) => `${name}=${value}`);
}

/** A here-document alone is the script; one with a `#!` line runs as a program; others go to the shell as written. */
function commandOf({ instruction, stage }: StepContext): {
  readonly command: readonly string[];
  readonly script?: Extract<StepMount, { type: "secret" }>;
} {
  const { rest, heredocs } = instruction;
  const first = heredocs[0];
  if (first === undefined) return { command: commandWords(stage, rest) };
  if (heredocs.length === 1 && rest === first.word) {
    if (!first.content.startsWith("#!")) return { command: [...stage.shell, first.content] };
    const target = `/dev/pipes/${first.name}`;
    const bytes = Buffer.from(first.content);
    return { command: [target], script: { type: "secret", target, bytes, mode: 0o755 } };
  }
  const bodies = heredocs.map(({ raw, name }) => `\n${raw}${name}`).join("");
  return { command: [...stage.shell, rest + bodies] };
}

async function run(step: StepContext, prepared: Prepared): Promise<AsyncIterable<Uint8Array>> {
  const { instruction, stage, workshop } = step;
  const { signal, runner } = workshop.options;
  const value: Step = {
    layers: [...stage.layers],
    command: prepared.command,
    env: prepared.env,
    workingDirectory: stage.workingDirectory,
    user: stage.process.User ?? "",
    process: stage.process,
    network: networkOf(instruction),
    mounts: await prepared.mounts(),
  };
  const lines: string[] = [];
  const output = (line: string): void => {
    lines.push(line);
    if (lines.length > shownLines) lines.shift();
    workshop.report({ kind: "output", line });
  };
  const result = await runner.run(value, { output, ...(signal === undefined ? {} : { signal }) });
  if (result.answer === "done") return result.changes;
  const shown = lines.length === 0 ? "it wrote nothing" : `its last lines:\n${lines.join("\n")}`;
  throw new Fault("STEP_FAILED", `RUN ${instruction.rest}`, {
    why: `it ended with exit code ${result.exitCode}; ${shown}`,
    values: { exitCode: result.exitCode },
    place: instruction.place,
  });
}

function networkOf(instruction: StepContext["instruction"]): Step["network"] {
  const network = flagValue(instruction, "network") ?? "default";
  if (network !== "default" && network !== "none" && network !== "host")
    throw invalid(
      instruction,
      `--network=${network} does not exist`,
      "default, none and host exist",
    );
  return network;
}

function createdBy({ instruction, stage }: StepContext, command: readonly string[]): string {
  const args = [...stage.args].filter(([name]) => !stage.env.has(name));
  const listed = args.map(([name, value]) => `${name}=${value} `).join("");
  const prefix = args.length === 0 ? "" : `|${args.length} ${listed}`;
  const exec = jsonWords(instruction.rest) !== undefined;
  return `RUN ${prefix}${exec ? JSON.stringify(command) : command.join(" ")}`;
}
