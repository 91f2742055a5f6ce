import { Fault } from "@lithify/fault";
import { copyBetween, openImageSink, openImageSource, type Platform } from "@lithify/oci";
import type { CommandSpec } from "../command.ts";
import { bytes } from "../style.ts";
import { readTransportOptions, transportOptions } from "../transport-options.ts";

/** Bytes between two lines of progress. */
const progressStep = 8 * 1024 * 1024;

export const command: CommandSpec = {
  args: "<source> <destination>",
  options: [
    { flags: "--all", about: "every platform of an index, and the index itself" },
    {
      flags: "--platform <os/arch>",
      about: "the member of an index; this machine's when left out",
    },
    ...transportOptions,
  ],
  examples: [
    "lithify copy echo:sealed oci:/tmp/layout:sealed",
    "lithify copy docker://registry.example/team/web:1.4 web:1.4",
    "lithify copy web:sealed oci-archive:web.tar:sealed",
  ],
  async run(context, args, options) {
    const [source = "", destination = ""] = args;
    const transport = await readTransportOptions(context, options);
    const platform = platformOf(options.text("platform"));
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
        const all = options.isSet("all");
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

function platformOf(text: string | undefined): Platform | undefined {
  if (text === undefined) return undefined;
  const [os, architecture, variant] = text.split("/");
  if (!os || !architecture) {
    throw new Fault("USAGE", "--platform", { why: "it is not OS/ARCHITECTURE[/VARIANT]" });
  }
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}
