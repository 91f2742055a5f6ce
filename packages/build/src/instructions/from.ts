import type { Instruction } from "../dockerfile/instruction.ts";
import { plainWords } from "../dockerfile/words.ts";
import { type InstructionRule, invalid } from "./rule.ts";

/** FROM, as written: the image's name may still hold variables. */
export interface FromClause {
  readonly image: string;
  readonly alias: string | undefined;
}

/** @throws Fault DOCKERFILE_INVALID */
export function fromClause(instruction: Instruction): FromClause {
  const words = plainWords(instruction.rest);
  const [image, as, alias] = words;
  if (image === undefined) throw invalid(instruction, "the name of the base image is missing");
  if (words.length === 1) return { image, alias: undefined };
  if (words.length !== 3 || as?.toUpperCase() !== "AS" || alias === undefined)
    throw invalid(instruction, `${words.slice(1).join(" ")} is not AS and a name`);
  if (!/^[a-z][a-z0-9_.-]*$/i.test(alias))
    throw invalid(
      instruction,
      `${alias} is not a stage's name`,
      "begin with a letter; letters, digits, _ . and - may follow",
    );
  return { image, alias: alias.toLowerCase() };
}

/** FROM opens a stage; the workshop does that, so there is nothing to apply. */
export const fromRule: InstructionRule = {
  keyword: "FROM",
  flags: ["platform"],
  heredocs: false,
  check: (instruction) => {
    fromClause(instruction);
  },
  apply: () => {},
};
