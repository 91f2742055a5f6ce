// `node bench/copy.ts`: copies of a generated 1 GB image between archive, layout and a registry on loopback, by
// lithify and by skopeo in turn, each kind three times. Writes RESULTS-copy.md.
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { openStore, writeTar } from "@lithify/oci";
import { freePort } from "./workplace.ts";

const mebibyte = 1024 * 1024;
const layerCount = 4;
const layerMebibytes = 256;
const port = await freePort();
const rounds = 3;
/** Clock ticks of a second in /proc (proc(5): USER_HZ). */
const ticks = 100;

const root = join(import.meta.dirname, "..");
const work = mkdtempSync(join(tmpdir(), "lithify-copy-"));
const registry = spawn("docker-registry", ["serve", registryConfig()], { stdio: "ignore" });
try {
  await generate();
  await pause(1000);
  writeFileSync(join(import.meta.dirname, "RESULTS-copy.md"), page(measure()));
} finally {
  registry.kill("SIGKILL");
  rmSync(work, { recursive: true, force: true });
}

/** Seconds on the clock, and of the processor. */
interface Time {
  readonly wall: number;
  readonly processor: number;
}

interface Row {
  readonly what: string;
  readonly lithify: readonly Time[];
  readonly skopeo: readonly Time[];
}

/** Half of every file is noise, half a text that repeats, so that a layer is neither all zeros nor all noise. */
async function generate(): Promise<void> {
  const store = await openStore(join(work, "source"));
  const layers = [];
  for (let index = 0; index < layerCount; index += 1)
    layers.push(await store.writeLayer(archive(index), { compression: "none" }));
  const image = await store.writeImage({ config: { os: "linux", architecture: "amd64" }, layers });
  await store.tag("web", image, { exact: true });
}

function archive(index: number): AsyncIterable<Uint8Array> {
  const xattrs = new Map<string, Uint8Array>();
  const files = Array.from({ length: layerMebibytes }, (_, file) => ({
    entry: {
      path: `l${index}-${file}`,
      type: "file" as const,
      mode: 0o644,
      uid: 0,
      gid: 0,
      size: mebibyte,
      mtime: 0,
      xattrs,
    },
    body: Buffer.concat([randomBytes(mebibyte / 2), Buffer.alloc(mebibyte / 2, "some text ")]),
  }));
  return writeTar(files);
}

function measure(): readonly Row[] {
  const source = `oci:${join(work, "source")}:web`;
  const packed = join(work, "packed.tar");
  // What an earlier copy left would be mounted instead of uploaded
  const blobs = join(work, "registry/docker/registry/v2/blobs");
  copyByUs(source, `oci-archive:${packed}:web`);
  const there = `docker://127.0.0.1:${port}/source:1`;
  copyByUs(source, there);
  const kinds: readonly (readonly [string, string, (name: string) => string])[] = [
    ["layout to archive", source, (name) => `oci-archive:${join(work, `${name}.tar`)}:web`],
    ["archive to layout", `oci-archive:${packed}:web`, (name) => `oci:${join(work, name)}:web`],
    ["layout to registry", source, (name) => `docker://127.0.0.1:${port}/${name}:1`],
    [
      "archive to registry",
      `oci-archive:${packed}:web`,
      (name) => `docker://127.0.0.1:${port}/${name}:1`,
    ],
    ["registry to layout", there, (name) => `oci:${join(work, name)}:web`],
    ["registry to archive", there, (name) => `oci-archive:${join(work, `${name}.tar`)}:web`],
  ];
  return kinds.map(([what, from, to], kind) => {
    const times = { lithify: [] as Time[], skopeo: [] as Time[] };
    const toRegistry = what.endsWith("to registry");
    for (let round = 0; round < rounds; round += 1) {
      for (const by of ["lithify", "skopeo"] as const) {
        const name = `k${kind}-${round}-${by}`;
        if (toRegistry) rmSync(blobs, { recursive: true, force: true });
        execFileSync("sync");
        times[by].push(timed(() => (by === "lithify" ? copyByUs : copyBySkopeo)(from, to(name))));
        for (const left of [name, `${name}.tar`])
          rmSync(join(work, left), { recursive: true, force: true });
      }
    }
    if (toRegistry) copyByUs(source, there);
    return { what, ...times };
  });
}

function timed(run: () => void): Time {
  const [began, before] = [performance.now(), processorOfChildren()];
  run();
  return {
    wall: (performance.now() - began) / 1000,
    processor: processorOfChildren() - before,
  };
}

/** Seconds of the children that have ended (proc(5): cutime and cstime). */
function processorOfChildren(): number {
  const fields = readFileSync("/proc/self/stat", "latin1").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[13]) + Number(fields[14])) / ticks;
}

function copyByUs(from: string, to: string): void {
  const env = { ...process.env, LITHIFY_STORE: join(work, "own") };
  execFileSync(
    process.execPath,
    [join(root, "packages/cli/bin/lithify.js"), "copy", "--quiet", "--insecure", from, to],
    { env, stdio: "ignore" },
  );
}

function copyBySkopeo(from: string, to: string): void {
  const plain = ["--src-tls-verify=false", "--dest-tls-verify=false"];
  execFileSync("skopeo", ["--insecure-policy", "copy", "--preserve-digests", ...plain, from, to], {
    stdio: "ignore",
  });
}

function registryConfig(): string {
  const path = join(work, "registry.yml");
  const storage = { filesystem: { rootdirectory: join(work, "registry") } };
  const log = { level: "error", accesslog: { disabled: true } };
  writeFileSync(
    path,
    JSON.stringify({ version: "0.1", log, storage, http: { addr: `127.0.0.1:${port}` } }),
  );
  return path;
}

function page(rows: readonly Row[]): string {
  const cells = (times: readonly Time[]) =>
    times
      .map(({ wall, processor }) => `${wall.toFixed(2)} s (${processor.toFixed(2)} s)`)
      .join(", ");
  return [
    "# Copies of a 1 GB image",
    "",
    `${layerCount} uncompressed layers of ${layerMebibytes} MiB; ${cpus().length} processors; lithify and skopeo in turn; in brackets the processor time of the command, without the registry. Digests are preserved by both; lithify syncs what it writes to disk.`,
    "",
    "| copy | lithify | skopeo |",
    "| --- | --- | --- |",
    ...rows.map(
      ({ what, lithify, skopeo }) => `| ${what} | ${cells(lithify)} | ${cells(skopeo)} |`,
    ),
    "",
  ].join("\n");
}
