import { cmdRule, entrypointRule, healthcheckRule, shellRule } from "./command.ts";
import { addRule, copyRule } from "./copy.ts";
import { fromRule } from "./from.ts";
import {
  exposeRule,
  maintainerRule,
  onbuildRule,
  stopSignalRule,
  userRule,
  volumeRule,
} from "./metadata.ts";
import type { InstructionRule } from "./rule.ts";
import { runRule } from "./run.ts";
import { argRule, envRule, labelRule } from "./variables.ts";
import { workdirRule } from "./workdir.ts";

/** Every instruction of a Dockerfile, by keyword. */
export const instructionTable: ReadonlyMap<string, InstructionRule> = new Map(
  [
    addRule,
    argRule,
    cmdRule,
    copyRule,
    entrypointRule,
    envRule,
    exposeRule,
    fromRule,
    healthcheckRule,
    labelRule,
    maintainerRule,
    onbuildRule,
    runRule,
    shellRule,
    stopSignalRule,
    userRule,
    volumeRule,
    workdirRule,
  ].map((rule) => [rule.keyword, rule]),
);
