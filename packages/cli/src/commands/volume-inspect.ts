import { resolve } from "node:path";
import type { CommandSpec } from "../command.ts";
import { readVolume } from "../volume/read-volume.ts";

export const command: CommandSpec = {
  args: "<volume>",
  options: [],
  examples: ["lithify volume inspect config.img", "lithify volume inspect config/ --json"],
  async run(context, args) {
    const [volume = ""] = args;
    const found = await readVolume(resolve(context.cwd, volume), context.env);
    const { seal, form, rootHash, hashOffset, bytes } = found;
    const hash =
      rootHash === undefined
        ? {}
        : { rootHash, salt: seal.root.slice("sha256:".length), hashOffset, bytes };
    const { objects, ...about } = seal;
    const named = { form, ...hash, ...about };
    return {
      exitCode: 0,
      document: { volume, ...named, objects },
      lines: [...JSON.stringify({ ...named, objects: objects.length }, null, 2).split("\n")],
    };
  },
};
