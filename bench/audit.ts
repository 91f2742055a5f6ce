// `node bench/audit.ts [OBJECTS]`: an audit for three identities beside decompressing the same layers, and again with its tree cached.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Image, openStore, type Store, type TarInput, writeTar } from "@lithify/oci";
import { audit, defaultPolicy, openSealed, seal } from "@lithify/seal";
import { installBundled } from "./bundled.ts";
import { lithifyProgram } from "./checkout.ts";
import { command } from "./commands.ts";

const rounds = 5;
const layerCount = 5;
const identities = ["1001:1001", "1000770000:0", "33:33+27,100"];

await main(Number(process.argv[2] ?? "100000"));

async function main(objects: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "lithify-bench-audit-"));
  try {
    const store = await openStore(directory);
    const image = await imageOf(store, objects);
    await store.tag("bench", image);
    const policy = { ...defaultPolicy(image), user: "1001:1001", identities };
    const [drained, cold] = await beside(
      () => drain(image),
      () => audit(image, { policy }),
    );
    await audit(image, { policy, store });
    const warm = await median(async () => audit(await store.image("bench"), { policy, store }));
    const bundledProgram = await installBundled(join(directory, "installed"));
    const whole = (program: string, name: string) =>
      median(() =>
        command(process.execPath, [program, "audit", name, ...asOptions(), "--json"], {
          env: { ...process.env, LITHIFY_STORE: directory },
          signal: AbortSignal.timeout(60_000),
          answers: [0, 1],
        }),
      );
    row(`${objects} objects in ${layerCount} layers, decompressed and verified`, drained);
    row("audit for three identities, layers read", cold, drained);
    row("audit for three identities, tree cached", warm);
    const forms = [
      ["as published", bundledProgram],
      ["from a checkout", lithifyProgram],
    ] as const;
    for (const [form, program] of forms)
      row(`the whole command ${form}, tree cached`, await whole(program, "bench"));
    const { sealed } = await seal(store, image, policy);
    await store.tag("sealed", sealed.image);
    row("openSealed, tree cached", await median(() => openSealed(store, "sealed")));
    for (const [form, program] of forms)
      row(`the whole command ${form}, sealed, tree cached`, await whole(program, "sealed"));
    const { rss } = process.memoryUsage();
    process.stdout.write(`memory at the end: ${Math.round(rss / 1024 / 1024)} MiB\n`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function asOptions(): readonly string[] {
  return identities.flatMap((name) => ["--as", name]);
}

/** Files of 0 to 16 KiB that compress as text does, in directories of fifty. */
async function imageOf(store: Store, objects: number): Promise<Image> {
  const layers = [];
  for (let layer = 0; layer < layerCount; layer++) {
    layers.push(
      await store.writeLayer(writeTar(inputsOf(layer, Math.floor(objects / layerCount)))),
    );
  }
  const config = { architecture: "amd64", os: "linux", config: { Cmd: ["/usr/bin/serve"] } };
  return store.writeImage({ config, layers });
}

function* inputsOf(layer: number, count: number): Iterable<TarInput> {
  const common = { uid: 0, gid: 0, mtime: 1_700_000_000, xattrs: new Map() };
  let directory = "";
  for (let index = 0; index < count; index++) {
    if (index % 51 === 0) {
      directory = `usr/share/l${layer}/d${index}`;
      yield { entry: { ...common, path: directory, type: "directory", mode: 0o755, size: 0 } };
      continue;
    }
    const body = Buffer.from(textOf(layer * count + index));
    const path = `${directory}/file-${index}.txt`;
    yield { entry: { ...common, path, type: "file", mode: 0o644, size: body.length }, body };
  }
}

function textOf(seed: number): string {
  let state = seed + 1;
  let text = "";
  for (let words = ((seed * 7919) % 1000) + 1; words > 0; words--) {
    state = (state * 1103515245 + 12345) % 2147483648;
    text += `${state.toString(36)} line `;
  }
  return text;
}

async function drain(image: Image): Promise<void> {
  for (const layer of image.layers) for await (const chunk of layer.uncompressed()) void chunk;
}

/** Medians of two works that take turns, so that both see the same machine. */
async function beside(
  one: () => Promise<unknown>,
  other: () => Promise<unknown>,
): Promise<readonly [number, number]> {
  const seconds: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    seconds[0].push(await timed(one));
    seconds[1].push(await timed(other));
  }
  return [middle(seconds[0]), middle(seconds[1])];
}

async function median(work: () => Promise<unknown>): Promise<number> {
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    seconds.push(await timed(work));
  }
  return middle(seconds);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

function middle(seconds: readonly number[]): number {
  return seconds.toSorted((a, b) => a - b)[Math.floor(seconds.length / 2)] ?? 0;
}

function row(what: string, seconds: number, beside?: number): void {
  const ratio = beside === undefined ? "" : `, ${(seconds / beside).toFixed(2)} times`;
  process.stdout.write(`${what}: ${seconds.toFixed(3)} s${ratio}\n`);
}
