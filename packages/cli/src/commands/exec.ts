import type { CommandSpec } from "../command.ts";
import { instanceNamed } from "../instances.ts";

export const command: CommandSpec = {
  args: "<instance> <command...>",
  options: [
    { flags: "-u, --user <user>", about: "another user than the instance's own" },
    { flags: "--engine <name>", about: "local or docker; else LITHIFY_ENGINE, else local" },
  ],
  examples: ["lithify exec web -- id", "lithify exec web --user 0 -- ls -l /drouter/config"],
  async run(context, args, options) {
    const [name = "", ...words] = args;
    const instance = await instanceNamed(await context.wire.engine(options.text("engine")), name);
    const user = options.text("user");
    const result = await instance.exec(words, user === undefined ? {} : { user });
    return {
      exitCode: result.exitCode === 0 ? 0 : 1,
      document: { instance: instance.name, command: words, ...result },
      lines: [result.stdout, result.stderr]
        .filter((text) => text !== "")
        .flatMap((text) => text.replace(/\n$/, "").split("\n")),
    };
  },
};
