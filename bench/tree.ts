// `node bench/tree.ts`: the merged tree of an image of 100,000 entries beside `gzip -dc` of its layers, and the memory for a layer of 2 GB.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { openStore, type TarInput, writeTar } from "@lithify/oci";
import { command } from "./commands.ts";
import { writeSampleImage } from "./images/sample-image.ts";
import { median } from "./samples.ts";
import { Workplace } from "./workplace.ts";

const rounds = 5;
const shape = {
  ...{ layers: 4, files: 92_000, directories: 8000, bytes: 400e6 },
  ...{ fileMode: 0o644, directoryMode: 0o755 },
};
const largeLayer = 2 * 1024 ** 3;

const workplace = new Workplace({ signal: new AbortController().signal, say });
try {
  await measure();
} finally {
  await workplace.close();
}

async function measure(): Promise<void> {
  const directory = workplace.path("store");
  const store = await openStore(directory);
  say("writing the image");
  const image = await writeSampleImage(store, shape, "tree");
  const blobs = image.layers.map(({ digest }) =>
    join(directory, "blobs", digest.replace(":", "/")),
  );
  const ours: number[] = [];
  const peer: number[] = [];
  const memory: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const gzip = await command("sh", ["-c", 'gzip -dc "$@" > /dev/null', "sh", ...blobs]);
    const run = await replayed(directory, "tree");
    peer.push(gzip.seconds);
    ours.push(run.seconds);
    memory.push(run.mebibytes);
    say(`round ${round + 1}: ${run.seconds.toFixed(2)} s, gzip -dc ${gzip.seconds.toFixed(2)} s`);
  }
  const ratio = median(ours.map((seconds, round) => seconds / (peer[round] as number)));
  print("tree of 100,000 entries, 400 MB", `${median(ours).toFixed(2)} s`);
  print("gzip -dc of its layers", `${median(peer).toFixed(2)} s`);
  print("ratio, median of the rounds (at most 1.5)", ratio.toFixed(2));
  print("memory, most of the rounds", `${Math.max(...memory).toFixed(0)} MiB`);
  const large = await store.writeLayer(writeTar([largeFile()]));
  const config = { architecture: "amd64", os: "linux" };
  await store.tag("large", await store.writeImage({ config, layers: [large] }), { exact: true });
  print(
    "memory for a layer of 2 GB",
    `${(await replayed(directory, "large")).mebibytes.toFixed(0)} MiB`,
  );
  rmSync(directory, { recursive: true });
}

async function replayed(
  directory: string,
  tag: string,
): Promise<{ readonly seconds: number; readonly mebibytes: number }> {
  const program = join(import.meta.dirname, "images", "replay.ts");
  return JSON.parse((await command(process.execPath, [program, directory, tag])).stdout);
}

function largeFile(): TarInput {
  const part = Buffer.alloc(1024 * 1024, "a line of the large file\n");
  async function* body(): AsyncGenerator<Uint8Array> {
    for (let left = largeLayer; left > 0; left -= part.length) yield part;
  }
  const attributes = { mode: 0o644, uid: 0, gid: 0, mtime: 0, xattrs: new Map() };
  return { entry: { ...attributes, path: "large", type: "file", size: largeLayer }, body: body() };
}

function print(what: string, value: string): void {
  process.stdout.write(`| ${what} | ${value} |\n`);
}

function say(line: string): void {
  process.stderr.write(`bench: ${line}\n`);
}
