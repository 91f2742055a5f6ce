import type { CommandSpec } from "../command.ts";
import { instanceNamed } from "../instances.ts";

export const command: CommandSpec = {
  args: "<instance>",
  options: [
    { flags: "-f, --follow", about: "go on until the instance ends" },
    { flags: "--engine <name>", about: "local or docker; else LITHIFY_ENGINE, else local" },
  ],
  examples: ["lithify logs web", "lithify logs --follow web"],
  async run(context, args, options) {
    const instance = await instanceNamed(
      await context.wire.engine(options.text("engine")),
      args[0] ?? "",
    );
    const lines: string[] = [];
    const stream = instance.logs({ follow: options.isSet("follow"), signal: context.signal });
    for await (const line of stream)
      if (context.isJson) lines.push(line);
      else context.print(line);
    return { exitCode: 0, document: { instance: instance.name, lines }, lines: [] };
  },
};
