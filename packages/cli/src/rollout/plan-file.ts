import { resolve } from "node:path";
import { type Plan, parsePlan } from "@lithify/rollout";
import { readText } from "../read-text.ts";

/** @throws Fault PLAN_INVALID, or USAGE when the file cannot be read */
export async function readPlan(cwd: string, file: string): Promise<Plan> {
  return parsePlan(await readText(resolve(cwd, file), "the plan"), file);
}
