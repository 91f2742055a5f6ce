import { forecast, seededRandom } from "@lithify/rollout";
import type { CommandSpec } from "../command.ts";
import { readPlan } from "../rollout/plan-file.ts";
import { trafficOf, trafficOptions } from "../rollout/traffic-options.ts";

export const command: CommandSpec = {
  args: "<plan>",
  options: trafficOptions,
  examples: ["lithify rollout plan rollout.yaml --requests 60 --errors 0.5%"],
  async run(context, args, options) {
    const { seed, ...traffic } = trafficOf(options);
    const plan = await readPlan(context.cwd, args[0] ?? "");
    const document = forecast({ plan, ...traffic, random: seededRandom(seed) });
    return { exitCode: 0, document, lines: [document.sentence] };
  },
};
