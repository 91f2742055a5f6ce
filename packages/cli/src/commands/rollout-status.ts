import { listRollouts, readStatus } from "@lithify/rollout";
import type { CommandSpec } from "../command.ts";
import { statusLines } from "../rollout/status-text.ts";

export const command: CommandSpec = {
  args: "[name]",
  options: [],
  examples: ["lithify rollout status", "lithify rollout status orders --json"],
  async run(context, args) {
    const [name] = args;
    const state = await context.wire.rollouts();
    if (name !== undefined) {
      const status = readStatus(state, name);
      return {
        exitCode: status.phase === "rolledBack" ? 1 : 0,
        document: status,
        lines: statusLines(status, context.style),
      };
    }
    const rollouts = listRollouts(state).map((each) => readStatus(state, each));
    return {
      exitCode: 0,
      document: { rollouts },
      lines: rollouts.map((status) => statusLines(status, context.style)[0] ?? ""),
    };
  },
};
