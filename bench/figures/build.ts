import { join } from "node:path";
import type { Bench, Figure } from "../bench.ts";
import type { Builder } from "../builder.ts";
import type { Row } from "../report.ts";
import { type Samples, Series } from "../samples.ts";

const rounds = 5;
const files = ["Dockerfile", "Dockerfile.immutable"] as const;
const kinds = ["cold", "cached"] as const;

/** Figure 2: the example's build, every step again and every step from the cache. */
export const build: Figure = {
  name: "build",
  title: "The example's build",
  async measure(bench) {
    const base = await bench.base();
    const { peers, notMeasured, loads } = await peersOf(bench);
    const measured = await measureRounds(bench, [bench.ours, ...peers]);
    return {
      rows: files.flatMap((file) => rowsOf(file, bench.ours, peers, measured)),
      notes: [
        `Whole commands, ${rounds} rounds. Cold: no step from the cache, but the base image is there (and unpacked, after the first round). Cached: the same build again at once.`,
        "docker is the classic builder of Debian's dockerd with --network none, its RUN in a container of runc, the daemon already running. buildah runs RUN with --isolation chroot, which makes fewer namespaces; without --layers it makes one layer and keeps no step cache. Ours runs it in a sandbox of runc.",
        `Taking the base image in, once: assembling it took us ${base.assembleSeconds.toFixed(1)} s${loads}.`,
      ],
      notMeasured,
    };
  },
};

interface Builds {
  readonly seconds: Series;
  /** By builder and file: the images that its cold builds made. */
  readonly identities: ReadonlyMap<string, ReadonlySet<string>>;
}

async function measureRounds(bench: Bench, builders: readonly Builder[]): Promise<Builds> {
  const context = await bench.context();
  const seconds = new Series();
  const identities = new Map<string, Set<string>>();
  const turn = async (builder: Builder, file: string, kind: string): Promise<void> => {
    const key = `${builder.name} ${file}`;
    const tag = file.toLowerCase();
    const isCold = kind === "cold";
    const order = { context, dockerfile: join(context, file), tag, isCold };
    seconds.add(`${key} ${kind}`, (await builder.build(order)).seconds);
    if (!isCold) return;
    const known = identities.get(key) ?? new Set();
    identities.set(key, known.add(await builder.identity(tag)));
  };
  for (let round = 1; round <= rounds; round++)
    for (const file of files)
      for (const kind of kinds) {
        bench.workplace.say(`build: ${file}, ${kind}, round ${round} of ${rounds}`);
        const able = builders.filter((builder) => kind === "cold" || builder.hasStepCache);
        for (const builder of able) await turn(builder, file, kind);
      }
  return { seconds, identities };
}

function rowsOf(
  file: string,
  ours: Builder,
  peers: readonly Builder[],
  { seconds, identities }: Builds,
): readonly Row[] {
  const rows: Row[] = [];
  const add = (what: string, unit: Row["unit"], samplesOf: (one: Builder) => Samples): void => {
    const row = { what: `${file}, ${what}`, unit, ours: samplesOf(ours) };
    if (peers.length === 0) rows.push(row);
    for (const peer of peers) {
      const samples = samplesOf(peer);
      if (samples.length > 0) rows.push({ ...row, peer: { name: peer.name, samples } });
    }
  };
  for (const kind of kinds) add(kind, "s", (one) => seconds.of(`${one.name} ${file} ${kind}`));
  add(`different images of ${rounds} cold builds`, "count", (one) => [
    identities.get(`${one.name} ${file}`)?.size ?? 0,
  ]);
  return rows;
}

/** The builders of the peers that are there, and a line for each that is not. */
export async function peersOf(bench: Bench): Promise<{
  readonly peers: readonly Builder[];
  readonly notMeasured: readonly string[];
  readonly loads: string;
}> {
  const docker = await bench.docker();
  const buildah = await bench.buildah();
  const peers: Builder[] = [];
  const notMeasured: string[] = [];
  let loads = "";
  if ("peer" in docker) {
    peers.push(docker.peer.builder);
    loads += `, docker load ${docker.peer.loadSeconds.toFixed(1)} s`;
  } else notMeasured.push(docker.missing);
  if ("peer" in buildah) {
    peers.push(buildah.peer.builder, buildah.peer.oneLayerBuilder);
    loads += `, a copy into buildah's storage ${buildah.peer.loadSeconds.toFixed(1)} s`;
  } else notMeasured.push(buildah.missing);
  return { peers, notMeasured, loads };
}
