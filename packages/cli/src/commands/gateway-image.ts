import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { assembleGatewayBase } from "@lithify/build";
import type { CommandSpec } from "../command.ts";
import { bytes } from "../style.ts";

export const command: CommandSpec = {
  args: "",
  options: [{ flags: "-t, --tag <ref>", about: "name of the image in the store (gateway-base)" }],
  examples: ["lithify gateway image", "lithify gateway image -t gateway-base:1"],
  async run(context, _args, options) {
    const started = performance.now();
    const store = await context.wire.store();
    const tag = options.text("tag") ?? "gateway-base";
    const before = await store.find(tag);
    const image = await assembleGatewayBase({
      store,
      gatewayDirectory: packageDirectory("@lithify/gateway"),
      faultDirectory: packageDirectory("@lithify/fault"),
      nodeBinary: process.execPath,
      progress: (line) => context.progress.step(line),
      signal: context.signal,
    });
    await store.tag(tag, image);
    const size = image.layers.reduce((sum, layer) => sum + layer.descriptor.size, 0);
    const isUnchanged = before?.digest === image.digest;
    return {
      exitCode: 0,
      document: {
        ref: tag,
        digest: image.digest,
        layers: image.layers.map((layer) => ({
          digest: layer.digest,
          diffId: layer.diffId,
          size: layer.descriptor.size,
        })),
        unchanged: isUnchanged,
        seconds: (performance.now() - started) / 1000,
      },
      lines: [
        `${context.style.good(isUnchanged ? "unchanged" : "assembled")} ${tag} ${image.digest}, ${bytes(size)}`,
      ],
    };
  },
};

/** The folder of an installed package, from source or compiled. */
function packageDirectory(name: string): string {
  let directory = dirname(fileURLToPath(import.meta.resolve(name)));
  while (!existsSync(join(directory, "package.json"))) directory = dirname(directory);
  return directory;
}
