import { openImageSource, validateSource } from "@lithify/oci";
import { statementType } from "@lithify/seal";
import type { CommandSpec } from "../command.ts";
import { bytes } from "../style.ts";
import { readTransportOptions, transportOptions } from "../transport-options.ts";

export const command: CommandSpec = {
  args: "<image>",
  options: transportOptions,
  examples: ["lithify validate web:sealed", "lithify validate oci-archive:web.tar"],
  async run(context, args, options) {
    const name = args[0] ?? "";
    const source = await openImageSource(name, await readTransportOptions(context, options));
    try {
      context.progress.step(`reading ${name}`);
      const report = await validateSource(source);
      const statements = report.referrers.filter(
        (each) => each.artifactType === statementType,
      ).length;
      const { manifests, blobs, layers } = report;
      return {
        exitCode: 0,
        document: { image: name, digest: source.root.digest, ...report, statements },
        lines: [
          `${name} ${source.root.digest}: whole`,
          `${manifests} manifests, ${blobs} blobs, ${bytes(report.bytes)}, ${layers} layers expanded, ${statements} statements`,
        ],
      };
    } finally {
      await source.close();
    }
  },
};
