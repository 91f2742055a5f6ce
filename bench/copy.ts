// `node bench/copy.ts`: copies of a generated 1 GB image between archive, layout and a registry on loopback, by
// lithify and by skopeo in turn, each kind twice. Writes RESULTS-copy.md.
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { openStore, writeTar } from "@lithify/oci";

const mebibyte = 1024 * 1024;
const layerCount = 4;
const layerMebibytes = 256;
const port = 5961;
const rounds = 2;

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

interface Row {
  readonly what: string;
  readonly lithify: readonly number[];
  readonly skopeo: readonly number[];
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
  const toRegistry = 2;
  copyByUs(source, `oci-archive:${packed}:web`);
  const there = `docker://127.0.0.1:${port}/source:1`;
  copyByUs(source, there);
  const kinds: readonly (readonly [string, string, (name: string) => string])[] = [
    ["layout to archive", source, (name) => `oci-archive:${join(work, `${name}.tar`)}:web`],
    ["archive to layout", `oci-archive:${packed}:web`, (name) => `oci:${join(work, name)}:web`],
    ["layout to registry", source, (name) => `docker://127.0.0.1:${port}/${name}:1`],
    ["registry to layout", there, (name) => `oci:${join(work, name)}:web`],
  ];
  return kinds.map(([what, from, to], kind) => {
    const times = { lithify: [] as number[], skopeo: [] as number[] };
    for (let round = 0; round < rounds; round += 1) {
      for (const by of ["lithify", "skopeo"] as const) {
        const name = `k${kind}-${round}-${by}`;
        if (kind === toRegistry) rmSync(blobs, { recursive: true, force: true });
        const began = performance.now();
        (by === "lithify" ? copyByUs : copyBySkopeo)(from, to(name));
        times[by].push((performance.now() - began) / 1000);
        for (const left of [name, `${name}.tar`])
          rmSync(join(work, left), { recursive: true, force: true });
      }
    }
    if (kind === toRegistry) copyByUs(source, there);
    return { what, ...times };
  });
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
  const cells = (times: readonly number[]) =>
    times.map((time) => `${time.toFixed(2)} s`).join(", ");
  return [
    "# Copies of a 1 GB image",
    "",
    `${layerCount} uncompressed layers of ${layerMebibytes} MiB; ${cpus().length} processors; lithify and skopeo in turn. Digests are preserved by both; lithify syncs what it writes to disk.`,
    "",
    "| copy | lithify | skopeo |",
    "| --- | --- | --- |",
    ...rows.map(
      ({ what, lithify, skopeo }) => `| ${what} | ${cells(lithify)} | ${cells(skopeo)} |`,
    ),
    "",
  ].join("\n");
}
