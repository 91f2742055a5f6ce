import { Fault } from "@lithify/fault";
import { expand, type Scope } from "../dockerfile/expand.ts";
import type { Instruction } from "../dockerfile/instruction.ts";
import type { Grammar } from "../dockerfile/parse.ts";
import { jsonWords } from "../dockerfile/words.ts";
import type { Stage } from "../stage.ts";
import type { Workshop } from "../workshop.ts";

/** An instruction as a value: how it is written, what can be said before anything runs, what it does to a stage. */
export interface InstructionRule extends Grammar {
  /** @throws Fault DOCKERFILE_INVALID for what is wrong whatever the variables hold */
  readonly check?: (instruction: Instruction) => void;
  readonly apply: (step: StepContext) => void | Promise<void>;
}

/** One instruction about to be applied. */
export interface StepContext {
  readonly instruction: Instruction;
  readonly stage: Stage;
  readonly workshop: Workshop;
}

export function invalid(instruction: Instruction, why: string, hint?: string): Fault {
  return new Fault("DOCKERFILE_INVALID", instruction.keyword, {
    why,
    place: instruction.place,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** For `check`: the instruction needs an argument. */
export function needsArgument(instruction: Instruction): void {
  if (instruction.rest === "") throw invalid(instruction, "its argument is missing");
}

export function flagValue(instruction: Instruction, name: string): string | undefined {
  const flag = instruction.flags.findLast((candidate) => candidate.name === name);
  if (flag !== undefined && flag.value === undefined)
    throw new Fault("DOCKERFILE_INVALID", `the flag --${name}`, {
      why: "its value is missing",
      place: flag.place,
    });
  return flag?.value;
}

/** A flag that is true when it stands alone. */
export function flagSet(instruction: Instruction, name: string): boolean {
  const flag = instruction.flags.findLast((candidate) => candidate.name === name);
  if (flag?.value === undefined || flag.value === "true") return flag !== undefined;
  if (flag.value === "false") return false;
  throw new Fault("DOCKERFILE_INVALID", `the flag --${name}`, {
    why: "its value is true or false",
    place: flag.place,
  });
}

/** Variables as an instruction of this stage sees them: ENV before ARG. */
export function scopeOf({ instruction, stage }: StepContext): Scope {
  const env = stage.env;
  return {
    value: (name) => env.get(name) ?? stage.args.get(name),
    escaping: instruction.escaping,
    place: instruction.place,
  };
}

export function expanded(step: StepContext, text: string): string {
  return expand(text, scopeOf(step));
}

/** The exec form's words, or the shell form through the stage's SHELL. */
export function commandWords(stage: Stage, text: string): readonly string[] {
  return jsonWords(text) ?? [...stage.shell, text];
}
