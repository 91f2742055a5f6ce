import { statementType } from "@lithify/seal";
import type { CommandSpec } from "../command.ts";

export const command: CommandSpec = {
  args: "<image>",
  options: [],
  examples: ["lithify inspect echo:sealed"],
  async run(context, args) {
    const store = await context.wire.store();
    const image = await store.image(args[0] ?? "");
    const statements = (await store.attached(image, statementType)).map(({ bytes }) =>
      JSON.parse(Buffer.from(bytes).toString()),
    );
    const document = {
      digest: image.digest,
      manifest: image.manifest,
      config: image.config,
      statements,
    };
    return { exitCode: 0, document, lines: JSON.stringify(document, null, 2).split("\n") };
  },
};
