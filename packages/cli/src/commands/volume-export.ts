import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { writeVolumeDirectory } from "@lithify/engine";
import { openImageAt } from "@lithify/oci";
import { writeVolume } from "@lithify/seal";
import type { CommandSpec } from "../command.ts";
import { policyFor } from "../policy.ts";
import { bytes } from "../style.ts";
import { imageOptions, readTransportOptions } from "../transport-options.ts";

export const command: CommandSpec = {
  args: "<image>",
  options: [
    {
      flags: "-o, --output <path>",
      about: "a file, or a directory when it ends in / or is one",
      isRequired: true,
    },
    {
      flags: "--path <path>",
      about: "a directory of the image, not the trees of the policy",
      isList: true,
    },
    {
      flags: "--policy <file>",
      about: "lithify.yaml; else the seal's, else the profile that fits",
    },
    ...imageOptions,
  ],
  examples: [
    "lithify volume export echo:sealed -o config.img",
    "lithify volume export echo:sealed -o config/ --path /drouter/config",
  ],
  async run(context, args, options) {
    const [ref = ""] = args;
    const { own, ...transport } = await readTransportOptions(context, options);
    const from = await openImageAt(ref, own, transport);
    const { policy, source } = await policyFor(context, from, { file: options.text("policy") });
    const output = options.text("output") ?? "";
    const path = resolve(context.cwd, output);
    context.progress.step(`exporting ${ref} by ${source}`);
    const paths = options.list("path");
    const what = { store: from.store, image: from.image, policy, paths };
    const about = { image: from.image.digest, volume: path, policy: source };
    if (output.endsWith("/") || (await stat(path).catch(() => undefined))?.isDirectory()) {
      const { root, trees, objects } = await writeVolumeDirectory(path, what, context.env);
      return {
        exitCode: 0,
        document: { ...about, form: "directory", root, trees, objects: objects.length },
        lines: [
          `${output}  ${trees.join(" ")}`,
          `${objects.length} objects, Merkle root ${root.slice("sha256:".length)}`,
        ],
      };
    }
    const { seal, ...written } = await writeVolume(path, what);
    const { root, trees, objects } = seal;
    return {
      exitCode: 0,
      document: { ...about, form: "file", root, trees, objects: objects.length, ...written },
      lines: [
        `${output}  ${trees.join(" ")}`,
        `${objects.length} objects, ${bytes(written.bytes)}, root hash ${written.rootHash}`,
      ],
    };
  },
};
