import { giveCommand } from "@lithify/rollout";
import type { CommandSpec } from "../command.ts";

export const command: CommandSpec = {
  args: "<name>",
  options: [],
  examples: ["lithify rollout abort orders"],
  async run(context, args) {
    const name = args[0] ?? "";
    giveCommand(await context.wire.rollouts(), name, { do: "abort" });
    return {
      exitCode: 0,
      document: { name, command: "abort" },
      lines: [`${name}: abort, left for its controller`],
    };
  },
};
