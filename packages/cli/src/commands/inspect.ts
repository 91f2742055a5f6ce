import {
  chooseManifest,
  type Descriptor,
  type ImageSource,
  openImage,
  openImageSource,
  readArtifact,
} from "@lithify/oci";
import { statementSizeLimit, statementType } from "@lithify/seal";
import type { CommandSpec } from "../command.ts";
import { imageOptions, readTransportOptions } from "../transport-options.ts";

export const command: CommandSpec = {
  args: "<image>",
  options: [{ flags: "--raw", about: "manifest or index as the location has it" }, ...imageOptions],
  examples: [
    "lithify inspect echo:sealed",
    "lithify inspect --raw docker://registry.example/web:1",
  ],
  async run(context, args, options) {
    const name = args[0] ?? "";
    const transport = await readTransportOptions(context, options);
    const source = await openImageSource(name, transport);
    try {
      if (options.isSet("raw")) {
        const text = await textOf(source, source.root);
        return { exitCode: 0, document: JSON.parse(text), lines: [text] };
      }
      const image = await openImage(
        source.blobs,
        await chooseManifest(source.blobs, source.root, name, transport.platform),
        name,
      );
      const referrers = await source.referrers(image.digest);
      const statements: unknown[] = [];
      for (const referrer of referrers) {
        if (referrer.artifactType !== statementType) continue;
        const bytes = await readArtifact(source.blobs, referrer, statementSizeLimit);
        statements.push(bytes === undefined ? null : documentIn(bytes));
      }
      const { digest, manifest, config } = image;
      const document = { digest, manifest, config, referrers, statements };
      return { exitCode: 0, document, lines: JSON.stringify(document, null, 2).split("\n") };
    } finally {
      await source.close();
    }
  },
};

/** Anybody may attach anything: what is no JSON is null. */
function documentIn(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return null;
  }
}

/** Whole documents; the size in the descriptor bounds them. */
async function textOf(source: ImageSource, { digest, size }: Descriptor): Promise<string> {
  return Buffer.concat(await Array.fromAsync(source.blobs.open(digest, size))).toString("utf8");
}
