// `node bench/seal.ts`: sealing 20,000 files of 400 MB beside `docker build --no-cache` with the chmod RUN.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "@lithify/oci";
import { baseName } from "./checkout.ts";
import { command } from "./commands.ts";
import { type SampleShape, writeSampleImage } from "./images/sample-image.ts";
import { dockerMissing, openDocker } from "./peers/docker.ts";
import { median } from "./samples.ts";
import { Workplace } from "./workplace.ts";

const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const busybox = "/usr/bin/busybox";
const common = { layers: 1, files: 20_000, directories: 500, bytes: 400e6, program: busybox };
const shapes: Readonly<Record<"every-file" | "directories" | "conforms", SampleShape>> = {
  "every-file": { ...common, fileMode: 0o664, directoryMode: 0o775 },
  directories: { ...common, fileMode: 0o644, directoryMode: 0o775 },
  conforms: { ...common, fileMode: 0o644, directoryMode: 0o755 },
};

interface Sealing {
  readonly seconds: number;
  readonly bytesAdded: number;
  readonly newLayers: number;
  readonly actions: readonly string[];
  readonly mebibytes: number;
}

const workplace = new Workplace({ signal: new AbortController().signal, say });
try {
  await measure();
} finally {
  await workplace.close();
}

async function measure(): Promise<void> {
  for (const [name, shape] of Object.entries(shapes)) {
    say(`writing ${name}`);
    await writeSampleImage(await openStore(workplace.path(name)), shape, "image");
  }
  const docker =
    dockerMissing() === undefined
      ? await openDocker(workplace, workplace.path("every-file"))
      : undefined;
  const context = workplace.path("context");
  mkdirSync(context);
  const chmod = '["/bin/busybox", "chmod", "-R", "go-w", "/srv"]';
  writeFileSync(join(context, "Dockerfile"), `FROM ${baseName}\nUSER 0\nRUN ${chmod}\n`);
  const times: Record<string, number[]> = { docker: [] };
  const last: Record<string, Sealing> = {};
  for (let round = 0; round < rounds; round += 1) {
    for (const name of Object.keys(shapes)) {
      last[name] = await sealed(name, round);
      times[name] = [...(times[name] ?? []), last[name].seconds];
    }
    if (docker === undefined) continue;
    await nothingLeftToWrite();
    const build = await docker.run([
      "build",
      "--network",
      "none",
      "--no-cache",
      "--tag",
      "chmod",
      context,
    ]);
    times.docker?.push(build.seconds);
    say(`round ${round + 1}: ${JSON.stringify(times)}`);
  }
  for (const [name, seconds] of Object.entries(times)) {
    if (seconds.length === 0) continue;
    const ratio = median(seconds.map((own, round) => own / (times.docker?.[round] ?? Number.NaN)));
    const { bytesAdded, newLayers, actions, mebibytes } = last[name] ?? {};
    const what =
      actions === undefined
        ? ""
        : `${actions.join(", ")}; ${newLayers} new layers, ${bytesAdded} bytes of tar added, ${mebibytes?.toFixed(0)} MiB`;
    process.stdout.write(
      `| ${name} | ${median(seconds).toFixed(2)} s | ${ratio.toFixed(3)} | ${what} |\n`,
    );
  }
}

/** Seals in a store of its own that holds the image and nothing that was kept of it. */
async function sealed(name: string, round: number): Promise<Sealing> {
  const store = workplace.path(`${name}-${round}`);
  await command("cp", ["-al", workplace.path(name), store]);
  const program = join(import.meta.dirname, "images", "seal-image.ts");
  await nothingLeftToWrite();
  const { stdout } = await command(process.execPath, [program, store, "image"]);
  await command("rm", ["-rf", store]);
  return JSON.parse(stdout);
}

/** What the run before has written is on the disk: no run pays for another. */
async function nothingLeftToWrite(): Promise<void> {
  await command("sync", []);
}

function say(line: string): void {
  process.stderr.write(`bench: ${line}\n`);
}
