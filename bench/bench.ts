import type { Builder } from "./builder.ts";
import { copyExample } from "./example.ts";
import { baseTag, type Lithify, lithifyBuilder, openLithify } from "./lithify.ts";
import { type Buildah, buildahMissing, openBuildah } from "./peers/buildah.ts";
import { type Docker, dockerMissing, openDocker } from "./peers/docker.ts";
import type { Measured } from "./report.ts";
import type { Workplace } from "./workplace.ts";

/** A peer that is there, or why it is not. */
export type Peer<T> = { readonly peer: T } | { readonly missing: string };

/** The gateway's base image: in our store, and as an OCI layout for the peers. */
export interface Base {
  readonly layout: string;
  readonly digest: string;
  readonly assembleSeconds: number;
}

/** What the figures of one run share; each part is opened at its first use. */
export interface Bench {
  readonly workplace: Workplace;
  readonly lithify: Lithify;
  readonly ours: Builder;
  /** The example with group write. */
  readonly context: () => Promise<string>;
  readonly base: () => Promise<Base>;
  readonly docker: () => Promise<Peer<Docker>>;
  readonly buildah: () => Promise<Peer<Buildah>>;
}

/** One figure: its name on the command line, its title in the report, and how it is measured. */
export interface Figure {
  readonly name: string;
  readonly title: string;
  readonly measure: (bench: Bench) => Promise<Measured>;
}

export function openBench(workplace: Workplace): Bench {
  const lithify = openLithify(workplace);
  const base = once(() => assembleBase(workplace, lithify));
  return {
    workplace,
    lithify,
    ours: lithifyBuilder(lithify),
    context: once(async () => copyExample(workplace.path("example"))),
    base,
    docker: once(() =>
      peer(workplace, "docker", dockerMissing(), async () =>
        openDocker(workplace, (await base()).layout),
      ),
    ),
    buildah: once(() =>
      peer(workplace, "buildah", buildahMissing(), async () =>
        openBuildah(workplace, (await base()).layout),
      ),
    ),
  };
}

async function assembleBase(workplace: Workplace, lithify: Lithify): Promise<Base> {
  workplace.say("assembling the gateway's base image");
  const { document, seconds } = await lithify.ask<{ digest: string }>([
    ...["gateway", "image", "--tag", baseTag],
  ]);
  const layout = workplace.path("base");
  await lithify.run(["copy", baseTag, `oci:${layout}:image`]);
  return { layout, digest: document.digest, assembleSeconds: seconds };
}

async function peer<T>(
  workplace: Workplace,
  name: string,
  missing: string | undefined,
  open: () => Promise<T>,
): Promise<Peer<T>> {
  if (missing !== undefined) {
    workplace.say(missing);
    return { missing };
  }
  workplace.say(`starting ${name}`);
  try {
    return { peer: await open() };
  } catch (error) {
    workplace.signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    const text = workplace.scrub(`${name} could not be used: ${why}`).replace(/\s+/g, " ");
    workplace.say(text);
    return { missing: text.slice(0, 600) };
  }
}

function once<T>(open: () => Promise<T>): () => Promise<T> {
  let value: Promise<T> | undefined;
  return () => {
    value ??= open();
    return value;
  };
}
