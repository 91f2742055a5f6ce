import { jsonWords } from "../dockerfile/words.ts";
import {
  commandWords,
  flagValue,
  type InstructionRule,
  invalid,
  needsArgument,
  type StepContext,
} from "./rule.ts";

export const cmdRule: InstructionRule = {
  keyword: "CMD",
  flags: [],
  heredocs: false,
  apply: ({ instruction, stage }) => {
    stage.process.Cmd = instruction.rest === "" ? [] : commandWords(stage, instruction.rest);
    stage.commandIsOwn = true;
    stage.note(`CMD ${JSON.stringify(stage.process.Cmd)}`);
  },
};

export const entrypointRule: InstructionRule = {
  keyword: "ENTRYPOINT",
  flags: [],
  heredocs: false,
  apply: ({ instruction, stage }) => {
    const words = instruction.rest === "" ? [] : commandWords(stage, instruction.rest);
    stage.process.Entrypoint = words.length === 0 ? null : words;
    // A base image's CMD was meant for its own entry point.
    if (!stage.commandIsOwn) delete stage.process.Cmd;
    stage.note(`ENTRYPOINT ${JSON.stringify(words)}`);
  },
};

export const shellRule: InstructionRule = {
  keyword: "SHELL",
  flags: [],
  heredocs: false,
  check: (instruction) => {
    if ((jsonWords(instruction.rest) ?? []).length === 0)
      throw invalid(instruction, "it takes the JSON form only", 'write SHELL ["/bin/sh", "-c"]');
  },
  apply: ({ instruction, stage }) => {
    stage.process.Shell = jsonWords(instruction.rest) ?? [];
    stage.note(`SHELL [${(jsonWords(instruction.rest) ?? []).join(" ")}]`);
  },
};

export const healthcheckRule: InstructionRule = {
  keyword: "HEALTHCHECK",
  flags: ["interval", "timeout", "start-period", "start-interval", "retries"],
  heredocs: false,
  check: (instruction) => {
    needsArgument(instruction);
    if (!/^(?:NONE$|CMD\s+\S)/i.test(instruction.rest))
      throw invalid(instruction, "after its flags it takes NONE, or CMD and a command");
  },
  apply: (step) => {
    const { instruction, stage } = step;
    stage.process.Healthcheck = healthcheckOf(step);
    const flags = instruction.flags.map(({ name, value }) => `--${name}=${value} `).join("");
    stage.note(`HEALTHCHECK ${flags}${instruction.rest}`);
  },
};

/** Times are nanoseconds, as in Docker's configuration. */
function healthcheckOf({ instruction }: StepContext): object {
  if (/^NONE$/i.test(instruction.rest)) return { Test: ["NONE"] };
  const command = instruction.rest.replace(/^CMD\s+/i, "");
  const words = jsonWords(command);
  const duration = (flag: string): number | undefined => {
    const value = flagValue(instruction, flag);
    if (value === undefined) return undefined;
    const nanoseconds = parseDuration(value);
    if (nanoseconds === undefined)
      throw invalid(instruction, `--${flag}=${value} is not a duration`, "write 30s, 1m30s, 500ms");
    return nanoseconds;
  };
  const retries = flagValue(instruction, "retries");
  if (retries !== undefined && !/^\d{1,6}$/.test(retries))
    throw invalid(instruction, `--retries=${retries} is not a number`);
  const fields = {
    Test: words === undefined ? ["CMD-SHELL", command] : ["CMD", ...words],
    Interval: duration("interval"),
    Timeout: duration("timeout"),
    StartPeriod: duration("start-period"),
    StartInterval: duration("start-interval"),
    Retries: retries === undefined ? undefined : Number(retries),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

const unitNanoseconds: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** A duration as Go writes it; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  if (!/^(?:\d+(?:\.\d+)?(?:ns|us|ms|s|m|h))+$/.test(text)) return undefined;
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)/g);
  return [...parts].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (unitNanoseconds[unit ?? ""] ?? 0),
    0,
  );
}
