import { openImageAt, putImageAt } from "@lithify/oci";
import type { CommandSpec } from "../command.ts";

export const command: CommandSpec = {
  args: "<source> <destination>",
  options: [],
  examples: [
    "lithify copy echo:sealed oci:/tmp/layout:sealed",
    "lithify copy oci:/tmp/layout:sealed echo:again",
  ],
  async run(context, args) {
    const [source = "", destination = ""] = args;
    const own = await context.wire.store();
    const { image, store } = await openImageAt(source, own);
    context.progress.step(`copying ${source}`);
    const copied = await putImageAt(destination, image, { from: store, own });
    return {
      exitCode: 0,
      document: { source, destination, digest: copied.digest },
      lines: [`${destination} ${copied.digest}`],
    };
  },
};
