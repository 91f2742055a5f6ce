import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bench, Figure } from "../bench.ts";
import { type Builder, sizeOf } from "../builder.ts";
import { addFiles, chmodDockerfile, copyExample } from "../example.ts";
import { growth } from "../image-size.ts";
import type { Row } from "../report.ts";
import { Series } from "../samples.ts";
import { peersOf } from "./build.ts";

const rounds = 3;
const more = { files: 2000, bytesEach: 16_384 } as const;

/** Figure 3: bytes and time of making the mutable image immutable: `seal` beside a RUN with chmod. */
export const sealing: Figure = {
  name: "sealing",
  title: "Bytes added by sealing",
  async measure(bench) {
    await bench.base();
    const { peers, notMeasured } = await peersOf(bench);
    const large = copyExample(bench.workplace.path("large"));
    addFiles(large, more);
    const megabytes = Math.round((more.files * more.bytesEach) / 1e6);
    const inputs = [
      { name: "example", context: await bench.context() },
      { name: `example and ${more.files} files of ${megabytes} MB`, context: large },
    ];
    const rows: Row[] = [];
    for (const [number, input] of inputs.entries())
      rows.push(...(await compare(bench, peers, { ...input, label: `seal${number}` })));
    return {
      rows,
      notes: [
        "The context carries group write, as a checkout under umask 002 does. Ours: `lithify seal` of the image of Dockerfile. Peers: the image of Dockerfile.immutable, whose RUN has the chmod lines, against the image of Dockerfile.",
        "Growth is the sum of all layers after, less the sum before. To fetch: layers that someone who already has the mutable image has to fetch, compressed. Both images are exported to OCI layouts and their layers inflated and counted.",
        "`seal` also adds documents, which are no layers: the statement, and a manifest and configuration of their own. They are in the row of all new blobs: what the store grows by when it keeps both images. Every layer is compressed as its tool does it (gzip; ours zstd, too). buildah without --layers makes one layer of all steps: it does not grow, and everything above the base is fetched again.",
        "Time of the peers: a build on top of the mutable image with the chmod lines alone, without cache. Time of ours: `seal` in a store that holds the mutable image and no sealed one.",
      ],
      notMeasured,
    };
  },
};

interface Input {
  readonly name: string;
  readonly context: string;
  readonly label: string;
}

async function compare(
  bench: Bench,
  peers: readonly Builder[],
  input: Input,
): Promise<readonly Row[]> {
  const { workplace } = bench;
  workplace.say(`sealing: ${input.name}, building`);
  const { context, label } = input;
  const mutable = `${label}-mutable`;
  const chmod = `${label}-chmod`;
  const dockerfile = join(context, "Dockerfile");
  await bench.ours.build({ context, dockerfile, tag: mutable, isCold: false });
  for (const peer of peers) {
    await peer.build({ context, dockerfile, tag: mutable, isCold: false });
    const immutable = join(context, "Dockerfile.immutable");
    await peer.build({ context, dockerfile: immutable, tag: chmod, isCold: false });
  }
  const times = await timeRounds(bench, peers, input, mutable);
  const ours = await sealedGrowth(bench, input, mutable);
  const rows: Row[] = [];
  for (const peer of peers) {
    workplace.say(`sealing: ${input.name}, weighing the images of ${peer.name}`);
    const theirs = growth(
      await sizeOf(peer, mutable, workplace),
      await sizeOf(peer, chmod, workplace),
    );
    rows.push(...byteRows(input.name, ours, { name: peer.name, grown: theirs }));
  }
  if (peers.length === 0) rows.push(...byteRows(input.name, ours, undefined));
  const time = { what: `${input.name}: time`, unit: "s", ours: times.of(bench.ours.name) } as const;
  const blobs = `${input.name}: all new blobs of the store, with the statement`;
  rows.push({ what: blobs, unit: "bytes", ours: times.of("blobs") });
  if (peers.length === 0) return [...rows, time];
  return [
    ...rows,
    ...peers.map((peer) => ({ ...time, peer: { name: peer.name, samples: times.of(peer.name) } })),
  ];
}

type Growth = ReturnType<typeof growth>;

function byteRows(
  input: string,
  ours: Growth,
  theirs: { readonly name: string; readonly grown: Growth } | undefined,
): readonly Row[] {
  const parts = [
    ["layers, uncompressed", "uncompressed"],
    ["layers, compressed", "compressed"],
    ["layers to fetch, compressed", "toFetch"],
  ] as const;
  return parts.map(([what, part]) => ({
    what: `${input}: ${what}`,
    unit: "bytes",
    ours: [ours[part]],
    ...(theirs === undefined ? {} : { peer: { name: theirs.name, samples: [theirs.grown[part]] } }),
  }));
}

async function timeRounds(
  bench: Bench,
  peers: readonly Builder[],
  input: Input,
  mutable: string,
): Promise<Series> {
  const { workplace, lithify } = bench;
  const layout = workplace.path(`${input.label}-layout`);
  await lithify.run(["copy", mutable, `oci:${layout}:image`]);
  const series = new Series();
  for (let round = 0; round < rounds; round++) {
    workplace.say(`sealing: ${input.name}, round ${round + 1} of ${rounds}`);
    const store = workplace.path(`${input.label}-store-${round}`);
    const fresh = lithify.withStore(store);
    await fresh.run(["copy", `oci:${layout}:image`, mutable]);
    const before = blobBytes(store);
    const sealed = await fresh.run(["seal", mutable, "--tag", "sealed", ...policyOf(input)]);
    series.add(bench.ours.name, sealed.seconds);
    series.add("blobs", blobBytes(store) - before);
    rmSync(store, { recursive: true });
    for (const peer of peers) {
      const dockerfile = workplace.path(`${input.label}-Dockerfile`);
      writeFileSync(dockerfile, chmodDockerfile(peer.reference(mutable)));
      const order = { context: input.context, dockerfile, tag: `${mutable}-again`, isCold: true };
      series.add(peer.name, (await peer.build(order)).seconds);
    }
  }
  rmSync(layout, { recursive: true });
  return series;
}

async function sealedGrowth(bench: Bench, input: Input, mutable: string): Promise<Growth> {
  const sealed = `${input.label}-sealed`;
  await bench.lithify.run(["seal", mutable, "--tag", sealed, ...policyOf(input)]);
  return growth(
    await sizeOf(bench.ours, mutable, bench.workplace),
    await sizeOf(bench.ours, sealed, bench.workplace),
  );
}

function policyOf(input: Input): readonly string[] {
  return ["--policy", join(input.context, "lithify.yaml")];
}

/** Bytes of everything that a store keeps by digest. */
function blobBytes(store: string): number {
  const folder = join(store, "blobs/sha256");
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}
