import { cacheKey } from "../cache.ts";
import { cleanPath } from "../context/patterns.ts";
import { Draft } from "../copy/draft.ts";
import { expanded, type InstructionRule, invalid, needsArgument } from "./rule.ts";

/** WORKDIR makes the directory when it does not exist; it belongs to the stage's USER, as in BuildKit. */
export const workdirRule: InstructionRule = {
  keyword: "WORKDIR",
  flags: [],
  heredocs: false,
  check: needsArgument,
  apply: async (step) => {
    const { instruction, stage, workshop } = step;
    const written = expanded(step, instruction.rest);
    if (written === "") throw invalid(instruction, "the path is empty once variables are expanded");
    const path = absolutePath(stage.workingDirectory, written);
    stage.process.WorkingDir = path;
    const user = stage.process.User ?? "";
    await workshop.layerStep(stage, {
      key: cacheKey(["WORKDIR", workshop.stateOf(stage), path, user]),
      createdBy: `WORKDIR ${path}`,
      make: async () => {
        const files = await stage.files();
        const draft = new Draft(files, instruction.place);
        const real = draft.resolve(path);
        if (draft.isDirectory(real)) return undefined;
        const owner = user === "" ? undefined : await workshop.owner(stage, user, instruction);
        draft.makeDirectories(real, undefined, owner);
        return { entries: draft.entries };
      },
    });
  },
};

/** A path as seen from a working directory: absolute, without `.`, `..` and doubled slashes. */
export function absolutePath(from: string, path: string): string {
  return `/${cleanPath(path.startsWith("/") ? path : `${from}/${path}`)}`;
}
