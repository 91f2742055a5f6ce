import { Fault, suggestion } from "@lithify/fault";
import type { Instruction } from "./dockerfile/instruction.ts";
import { parseDockerfile } from "./dockerfile/parse.ts";
import { type FromClause, fromClause } from "./instructions/from.ts";
import { flagValue, invalid } from "./instructions/rule.ts";
import { instructionTable } from "./instructions/table.ts";

/** A Dockerfile, parsed and checked as far as that goes before anything runs. */
export interface Recipe {
  readonly file: string;
  /** ARGs before the first FROM. */
  readonly globals: readonly Instruction[];
  readonly stages: readonly StageRecipe[];
  /** What is allowed and probably not meant. */
  readonly warnings: readonly string[];
}

export interface StageRecipe {
  readonly index: number;
  readonly from: FromClause;
  readonly opening: Instruction;
  readonly instructions: readonly Instruction[];
}

/** @throws Fault DOCKERFILE_INVALID with the place */
export function parseRecipe(text: string, file: string): Recipe {
  const globals: Instruction[] = [];
  const warnings: string[] = [];
  const stages: (StageRecipe & { readonly instructions: Instruction[] })[] = [];
  for (const instruction of parseDockerfile(text, file, instructionTable)) {
    instructionTable.get(instruction.keyword)?.check?.(instruction);
    if (instruction.keyword === "FROM") {
      const from = fromClause(instruction);
      warnings.push(...sameName(from, instruction, stages));
      stages.push({ index: stages.length, from, opening: instruction, instructions: [] });
    } else if (stages.length > 0) stages.at(-1)?.instructions.push(instruction);
    else if (instruction.keyword === "ARG") globals.push(instruction);
    else throw invalid(instruction, "before the first FROM there is only ARG");
  }
  if (stages.length === 0)
    throw new Fault("DOCKERFILE_INVALID", file, {
      why: "it has no FROM",
      place: { file, line: 1, column: 1 },
    });
  const recipe = { file, globals, stages, warnings };
  for (const stage of stages) checkReferences(stage, stages);
  return recipe;
}

/** The instructions of an ONBUILD trigger, for the stage that its image became the base of. */
export function parseTrigger(text: string, title: string): readonly Instruction[] {
  const instructions = parseDockerfile(text, title, instructionTable);
  for (const instruction of instructions)
    instructionTable.get(instruction.keyword)?.check?.(instruction);
  return instructions;
}

/** The stage that a --target or --from names, by name or number; of two with one name the later. */
export function findStage(stages: readonly StageRecipe[], name: string): StageRecipe | undefined {
  const named = stages.findLast(({ from }) => from.alias === name.toLowerCase());
  return named ?? (/^\d{1,4}$/.test(name) ? stages[Number(name)] : undefined);
}

/** @throws Fault STAGE_UNKNOWN */
export function targetStage(recipe: Recipe, target: string | undefined): StageRecipe {
  if (target === undefined) return recipe.stages.at(-1) as StageRecipe;
  const found = findStage(recipe.stages, target);
  if (found !== undefined) return found;
  const names = recipe.stages.flatMap(({ from }) => from.alias ?? []);
  const hint =
    suggestion(target, names) ??
    (names.length === 0 ? "the stages have no names" : `there are ${names.join(", ")}`);
  throw new Fault("STAGE_UNKNOWN", `the stage ${target} of ${recipe.file}`, { hint });
}

function sameName(
  { alias }: FromClause,
  { place }: Instruction,
  earlier: readonly StageRecipe[],
): readonly string[] {
  const same = earlier.findLast(({ from }) => alias !== undefined && from.alias === alias);
  if (same === undefined) return [];
  return [`line ${place.line}: line ${same.opening.place.line} has a stage ${alias} already`];
}

/** A --from may name an earlier stage; itself or a later one is a mistake whatever else has that name. */
function checkReferences(stage: StageRecipe, stages: readonly StageRecipe[]): void {
  for (const instruction of stage.instructions) {
    if (instruction.keyword !== "COPY") continue;
    const from = flagValue(instruction, "from");
    if (from === undefined || findStage(stages.slice(0, stage.index), from) !== undefined) continue;
    const found = findStage(stages.slice(stage.index), from) ?? findStage(stages, from);
    if (found === undefined) continue;
    throw new Fault("STAGE_UNKNOWN", `--from=${from}`, {
      why: found.index === stage.index ? "it is this stage itself" : "it is a later stage",
      hint: "a stage can copy from those above it only",
      place: instruction.place,
    });
  }
}
