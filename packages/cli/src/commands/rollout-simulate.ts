import { seededRandom, simulateMany } from "@lithify/rollout";
import type { CommandSpec } from "../command.ts";
import { numberOf, shareOf } from "../numbers.ts";
import { readPlan } from "../rollout/plan-file.ts";
import { trafficOf, trafficOptions } from "../rollout/traffic-options.ts";
import { table } from "../style.ts";

export const command: CommandSpec = {
  args: "<plan>",
  options: [
    ...trafficOptions,
    {
      flags: "--canary-errors <share>",
      about: "share of requests that fail on the canary (as stable)",
    },
    { flags: "--runs <number>", about: "how many rollouts (100)" },
  ],
  examples: [
    "lithify rollout simulate rollout.yaml --requests 600 --errors 0.5% --canary-errors 5%",
  ],
  async run(context, args, options) {
    const { seed, ...traffic } = trafficOf(options);
    const canaryErrors =
      options.text("canaryErrors") === undefined
        ? traffic.stableErrors
        : shareOf(options, "canaryErrors", "0");
    const plan = await readPlan(context.cwd, args[0] ?? "");
    const runs = Math.round(numberOf(options, "runs", "100", 1, 10_000));
    context.progress.step(`simulating ${runs} rollouts`);
    const result = simulateMany(
      { plan, ...traffic, canaryErrors, random: seededRandom(seed) },
      runs,
    );
    const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
    return {
      exitCode: 0,
      document: { ...traffic, canaryErrors, seed, ...result },
      lines: table(
        [
          ["promoted", percent(result.completed)],
          ["rolled back", percent(result.rolledBack)],
          ["waiting at the deadline", percent(result.waiting)],
          ["median minutes", result.medianMinutes.toFixed(1)],
          ["median requests on the canary", String(result.medianCanaryRequests)],
        ],
        [1],
      ),
    };
  },
};
