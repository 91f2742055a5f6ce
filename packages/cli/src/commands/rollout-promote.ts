import { giveCommand } from "@lithify/rollout";
import type { CommandSpec } from "../command.ts";

export const command: CommandSpec = {
  args: "<name>",
  options: [{ flags: "--full", about: "promote at once, without the steps that are left" }],
  examples: ["lithify rollout promote orders", "lithify rollout promote orders --full"],
  async run(context, args, options) {
    const name = args[0] ?? "";
    const full = options.isSet("full");
    giveCommand(await context.wire.rollouts(), name, { do: "promote", full });
    return {
      exitCode: 0,
      document: { name, command: "promote", full },
      lines: [`${name}: promote${full ? " in full" : ""}, left for its controller`],
    };
  },
};
