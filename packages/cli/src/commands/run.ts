import { resolve } from "node:path";
import type { RunSpec } from "@lithify/engine";
import { isFault } from "@lithify/fault";
import type { Image } from "@lithify/oci";
import type { CommandSpec, Options } from "../command.ts";
import type { Context } from "../context.ts";
import { parsePairs } from "../pairs.ts";
import { parsePort } from "../ports.ts";
import { parseVolume } from "../volume/volume-option.ts";

export const command: CommandSpec = {
  args: "<image> [command...]",
  options: [
    { flags: "-n, --name <name>", about: "name of the instance" },
    {
      flags: "-p, --publish <ports>",
      about: "[ADDRESS:][PORT:]PORT, on loopback by default",
      isList: true,
    },
    { flags: "-u, --user <user>", about: "name or uid, with or without :group" },
    { flags: "-e, --env <pair>", about: "NAME=value", isList: true },
    { flags: "--mutable", about: "writable root, to see the difference" },
    { flags: "--label <pair>", about: "NAME=value, shown by ps --json", isList: true },
    {
      flags: "--volume <volume>",
      about: "SOURCE[:TARGET][,root=HEX], a file or directory of `volume export`; read-only",
      isList: true,
    },
    { flags: "--engine <name>", about: "local or docker; else LITHIFY_ENGINE, else local" },
  ],
  examples: [
    "lithify run echo:sealed --name web -p 8080",
    "lithify run echo:mutable --mutable -p 0:8080",
    "lithify run echo:sealed --volume config.img",
  ],
  async run(context, args, options) {
    const [ref = "", ...words] = args;
    const store = await context.wire.store();
    const image = await store.image(ref);
    context.progress.step(`starting ${ref}`);
    const spec = await runSpecOf(context, image, options, words);
    const instance = await (await context.wire.engine(options.text("engine"))).run(spec, {
      signal: context.signal,
    });
    const ports = instance.published.map((port) => `${port.host}:${port.hostPort}`);
    return {
      exitCode: 0,
      document: {
        name: instance.name,
        id: instance.id,
        image: instance.image,
        mutable: instance.mutable,
        published: instance.published,
        volumes: instance.volumes.map(({ kept: _, ...volume }) => volume),
      },
      lines: [[instance.name, ...ports].join("  ")],
    };
  },
};

async function runSpecOf(
  context: Context,
  image: Image,
  options: Options,
  words: readonly string[],
): Promise<RunSpec> {
  const name = options.text("name");
  const user = options.text("user");
  return {
    image,
    writable: options.isSet("mutable") ? [] : await writableOf(context, image),
    mutable: options.isSet("mutable"),
    publish: options.list("publish").map(parsePort),
    env: options.list("env"),
    volumes: options.list("volume").map((text) => {
      const volume = parseVolume(text);
      return { ...volume, source: resolve(context.cwd, volume.source) };
    }),
    labels: Object.fromEntries(parsePairs(options.list("label"), "--label")),
    ...(name === undefined ? {} : { name }),
    ...(user === undefined ? {} : { user }),
    ...(words.length === 0 ? {} : { command: words }),
  };
}

/** The writable paths of the image's seal; of the default policy where it has none. */
export async function writableOf(context: Context, image: Image): Promise<readonly string[]> {
  const { defaultPolicy, openSealed } = await import("@lithify/seal");
  const store = await context.wire.store();
  try {
    return (await openSealed(store, image)).statement.policy.writable;
  } catch (error) {
    if (!isFault(error, "SEAL_MISSING")) throw error;
    return (await defaultPolicy(image)).writable;
  }
}
