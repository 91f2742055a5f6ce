import { unreachable } from "@lithify/fault";
import { openImageSource, validateSource } from "@lithify/oci";
import { checkSeals, type SealCheck, statementType } from "@lithify/seal";
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
      const { images, ...report } = await validateSource(source);
      const seals = await checkSeals(source, images);
      const statements = report.referrers.filter(
        (each) => each.artifactType === statementType,
      ).length;
      const { manifests, blobs, layers } = report;
      return {
        exitCode: seals.some(({ answer }) => answer === "missing") ? 1 : 0,
        document: { image: name, digest: source.root.digest, ...report, statements, seals },
        lines: [
          `${name} ${source.root.digest}: whole`,
          `${manifests} manifests, ${blobs} blobs, ${bytes(report.bytes)}, ${layers} layers expanded, ${statements} statements`,
          ...seals.map(sealLine),
        ],
      };
    } finally {
      await source.close();
    }
  },
};

function sealLine(check: SealCheck): string {
  const { image, answer } = check;
  switch (answer) {
    case "holds": {
      const { root, objects, signatures } = check;
      const by = signatures === 0 ? "unsigned" : `${signatures} signatures, not verified here`;
      return `the seal of ${image} holds: ${objects} objects, root ${root}; ${by}`;
    }
    case "missing":
      return `the seal of ${image} is missing: its label names a statement that is not attached`;
    case "unbound":
      return `${image} is not sealed: its ${check.statements} statements are not named by a label`;
    default:
      return unreachable(answer);
  }
}
