import { expand } from "../dockerfile/expand.ts";
import type { Instruction } from "../dockerfile/instruction.ts";
import { quotedWords } from "../dockerfile/words.ts";
import { type InstructionRule, invalid, needsArgument, scopeOf } from "./rule.ts";

/** `name=value` pairs as written, nothing expanded; the old form `NAME value with blanks` too. */
export function pairsOf(instruction: Instruction): readonly (readonly [string, string])[] {
  const words = quotedWords(instruction.rest, instruction.escaping);
  const first = words[0]?.text ?? "";
  if (!first.includes("=")) {
    const value = instruction.rest.slice(first.length).trimStart();
    if (value === "") throw invalid(instruction, `${first} has no value`, `write ${first}=VALUE`);
    return [[first, value]];
  }
  return words.map(({ text }) => {
    const at = text.indexOf("=");
    if (at < 1)
      throw invalid(
        instruction,
        `${text} is not NAME=VALUE`,
        "put quotes around a value with blanks",
      );
    return [text.slice(0, at), text.slice(at + 1)] as const;
  });
}

export const envRule: InstructionRule = {
  keyword: "ENV",
  flags: [],
  heredocs: false,
  check: (instruction) => {
    needsArgument(instruction);
    pairsOf(instruction);
  },
  apply: (step) => {
    const { instruction, stage } = step;
    const scope = scopeOf(step);
    const env = new Map(stage.env);
    const pairs = pairsOf(instruction).map(
      ([name, value]) => [expand(name, scope), expand(value, scope)] as const,
    );
    for (const [name, value] of pairs) env.set(name, value);
    stage.process.Env = [...env].map(([name, value]) => `${name}=${value}`);
    stage.note(`ENV ${pairs.map(([name, value]) => `${name}=${value}`).join(" ")}`);
  },
};

export const labelRule: InstructionRule = {
  keyword: "LABEL",
  flags: [],
  heredocs: false,
  check: (instruction) => {
    needsArgument(instruction);
    pairsOf(instruction);
  },
  apply: (step) => {
    const scope = scopeOf(step);
    const pairs = pairsOf(step.instruction).map(
      ([name, value]) => [expand(name, scope), expand(value, scope)] as const,
    );
    const { stage } = step;
    stage.process.Labels = { ...stage.process.Labels, ...Object.fromEntries(pairs) };
    stage.note(`LABEL ${pairs.map(([name, value]) => `${name}=${value}`).join(" ")}`);
  },
};

/** The names of an ARG with their defaults as written. */
export function argumentsOf(
  instruction: Instruction,
): readonly { readonly name: string; readonly preset: string | undefined }[] {
  return quotedWords(instruction.rest, instruction.escaping).map(({ text }) => {
    const at = text.indexOf("=");
    const name = at < 0 ? text : text.slice(0, at);
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw invalid(instruction, `${JSON.stringify(name)} is not a variable's name`);
    return { name, preset: at < 0 ? undefined : text.slice(at + 1) };
  });
}

export const argRule: InstructionRule = {
  keyword: "ARG",
  flags: [],
  heredocs: false,
  check: (instruction) => {
    needsArgument(instruction);
    argumentsOf(instruction);
  },
  apply: (step) => {
    const { instruction, stage, workshop } = step;
    for (const { name, preset } of argumentsOf(instruction)) {
      const own =
        preset === undefined ? workshop.globalArgument(name) : expand(preset, scopeOf(step));
      const value = workshop.givenArgument(name) ?? own;
      if (value !== undefined) stage.args.set(name, value);
    }
    stage.note(`ARG ${instruction.rest}`);
  },
};
