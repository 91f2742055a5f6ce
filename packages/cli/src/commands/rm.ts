import type { CommandSpec } from "../command.ts";

export const command: CommandSpec = {
  args: "<refs...>",
  options: [],
  examples: ["lithify rm echo:mutable"],
  async run(context, args) {
    const store = await context.wire.store();
    for (const ref of args) await store.image(ref);
    for (const ref of args) await store.untag(ref);
    return { exitCode: 0, document: { removed: args }, lines: args.map((ref) => `removed ${ref}`) };
  },
};
