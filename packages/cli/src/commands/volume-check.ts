import { resolve } from "node:path";
import type { CommandSpec } from "../command.ts";
import { readVolume } from "../volume/read-volume.ts";
import { parseRoot } from "../volume/volume-option.ts";

export const command: CommandSpec = {
  args: "<volume>",
  options: [
    {
      flags: "--root <hex>",
      about: "what it must be: the root hash of a file, the Merkle root of a directory",
    },
  ],
  examples: ["lithify volume check config.img", "lithify volume check config/ --json"],
  async run(context, args, options) {
    const [volume = ""] = args;
    const text = options.text("root");
    const expected = text === undefined ? undefined : parseRoot(text, "--root");
    context.progress.step(`reading ${volume}`);
    const found = await readVolume(resolve(context.cwd, volume), context.env, expected);
    const { seal, changes, damagedBlocks, form, rootHash } = found;
    const asSealed = changes.length === 0 && damagedBlocks.length === 0;
    const identity = rootHash ?? seal.root.slice("sha256:".length);
    const { style } = context;
    return {
      exitCode: asSealed ? 0 : 1,
      document: {
        ...{ volume, form, asSealed, root: seal.root },
        ...(rootHash === undefined ? {} : { rootHash }),
        ...{ trees: seal.trees, objects: seal.objects.length, changes, damagedBlocks },
      },
      lines: [
        asSealed
          ? `${style.good("as sealed")}  ${volume}, ${seal.objects.length} objects, ${identity}`
          : `${style.bad("changed")}  ${volume}`,
        ...changes.map(({ kind, path }) => `  ${kind.padEnd(12)} ${path}`),
        ...(damagedBlocks.length === 0
          ? []
          : [`  ${damagedBlocks.length} damaged blocks, the first is ${damagedBlocks[0]}`]),
        ...(expected === undefined
          ? [style.dim("compared with itself only: --root says what it must be")]
          : []),
      ],
    };
  },
};
