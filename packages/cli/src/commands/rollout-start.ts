import { type RolloutEvent, startRollout } from "@lithify/rollout";
import type { CommandSpec } from "../command.ts";
import { readPlan } from "../rollout/plan-file.ts";
import { statusLines } from "../rollout/status-text.ts";

export const command: CommandSpec = {
  args: "<plan>",
  options: [],
  examples: ["lithify rollout start rollout.yaml"],
  async run(context, args) {
    const { openSealed } = await import("@lithify/seal");
    const store = await context.wire.store();
    const status = await startRollout({
      plan: await readPlan(context.cwd, args[0] ?? ""),
      engine: await context.wire.engine(),
      openSealed: async (reference) => openSealed(store, await store.image(reference)),
      state: await context.wire.rollouts(),
      onEvent: (event) => {
        const line = eventLine(event);
        if (line !== undefined) context.progress.note(line);
      },
      signal: context.signal,
    });
    return {
      exitCode: status.phase === "completed" ? 0 : 1,
      document: status,
      lines: statusLines(status, context.style),
    };
  },
};

/** What is worth a line while it goes on; blocks are not. */
function eventLine(event: RolloutEvent): string | undefined {
  const time = new Date(event.at).toISOString().slice(11, 19);
  switch (event.type) {
    case "block":
    case "stepEntered":
      return undefined;
    case "weightSet":
      return `${time} weight ${Number((event.weight * 100).toFixed(2))} %: ${event.why}`;
    case "ready":
      return `${time} ${event.side} is ready: ${event.instances.join(", ")}`;
    case "drained":
      return `${time} ${event.side} drained, ${event.left} requests cut`;
    default:
      return `${time} ${event.type}${"why" in event ? `: ${event.why}` : ""}`;
  }
}
