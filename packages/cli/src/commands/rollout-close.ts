import { closeService } from "@lithify/rollout";
import type { CommandSpec } from "../command.ts";

export const command: CommandSpec = {
  args: "<name>",
  options: [],
  examples: ["lithify rollout close orders"],
  async run(context, args) {
    const name = args[0] ?? "";
    const { stopped } = await closeService(
      await context.wire.rollouts(),
      name,
      await context.wire.engine(),
    );
    return {
      exitCode: 0,
      document: { name, stopped },
      lines: [`${name}: splitter ended, ${stopped} instances stopped`],
    };
  },
};
