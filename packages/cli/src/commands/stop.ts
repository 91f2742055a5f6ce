import { Fault } from "@lithify/fault";
import type { CommandSpec } from "../command.ts";
import { instanceNamed } from "../instances.ts";
import { numberOf } from "../numbers.ts";

export const command: CommandSpec = {
  args: "[instances...]",
  options: [
    { flags: "-t, --time <seconds>", about: "how long to wait between SIGTERM and SIGKILL (10)" },
    { flags: "-a, --all", about: "every instance" },
    { flags: "--engine <name>", about: "local or docker; else LITHIFY_ENGINE, else local" },
  ],
  examples: ["lithify stop web", "lithify stop --all"],
  async run(context, args, options) {
    const engine = await context.wire.engine(options.text("engine"));
    if (args.length === 0 && !options.isSet("all"))
      throw new Fault("USAGE", "stop", { why: "it needs the names of instances, or --all" });
    const graceSeconds = numberOf(options, "time", "10", 0, 86_400);
    const instances = options.isSet("all")
      ? [...(await engine.list())]
      : await Promise.all(args.map((name) => instanceNamed(engine, name)));
    const stopped = await Promise.all(
      instances.map(async (instance) => ({
        name: instance.name,
        exitCode: (await instance.stop({ graceSeconds })).exitCode,
      })),
    );
    return {
      exitCode: 0,
      document: { stopped },
      lines: stopped.map(({ name, exitCode }) => `${name} ended with ${exitCode}`),
    };
  },
};
