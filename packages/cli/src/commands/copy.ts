import { Fault } from "@lithify/fault";
import { copyBetween, openImageSink, openImageSource } from "@lithify/oci";
import type { CommandSpec } from "../command.ts";
import { bytes } from "../style.ts";
import { imageOptions, readTransportOptions } from "../transport-options.ts";

/** Bytes between two lines of progress. */
const progressStep = 8 * 1024 * 1024;

export const command: CommandSpec = {
  args: "<source> <destination>",
  options: [
    { flags: "--all", about: "every platform of an index, and the index itself" },
    ...imageOptions,
  ],
  examples: [
    "lithify copy echo:sealed oci:/tmp/layout:sealed",
    "lithify copy docker://registry.example/team/web:1.4 web:1.4",
    "lithify copy web:sealed oci-archive:web.tar:sealed",
  ],
  async run(context, args, options) {
    const [source = "", destination = ""] = args;
    const transport = await readTransportOptions(context, options);
    const { platform } = transport;
    const all = options.isSet("all");
    if (all && platform !== undefined)
      throw new Fault("USAGE", "copy", { why: "--all and --platform exclude each other" });
    const began = performance.now();
    let shown = 0;
    const onBytes = (passed: number) => {
      if (process.stderr.isTTY !== true || passed - shown < progressStep) return;
      shown = passed;
      context.progress.step(`copying ${source}: ${bytes(passed)}`);
    };
    context.progress.step(`copying ${source}`);
    const from = await openImageSource(source, transport);
    try {
      const to = await openImageSink(destination, transport);
      try {
        const chosen = platform === undefined ? {} : { platform };
        const report = await copyBetween(from, to, { all, onBytes, ...chosen });
        const seconds = Math.round(performance.now() - began) / 1000;
        const { copied, mounted, present } = report.blobs;
        return {
          exitCode: 0,
          document: { source, destination, ...report, seconds },
          lines: [
            `${destination} ${report.digest}`,
            `${copied} blobs copied, ${mounted} mounted, ${present} present; ${bytes(report.bytes)}; ${report.referrers} attached`,
          ],
        };
      } finally {
        if (to.kind === "blobs") await to.close();
      }
    } finally {
      await from.close();
    }
  },
};
