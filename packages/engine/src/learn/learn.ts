import { type Digest, type Image, replayLayers, type Tree } from "@lithify/oci";
import type { Engine } from "../engine.ts";
import { throwIfAborted } from "../host/program.ts";
import { type Renderings, renderWritable } from "./renderings.ts";
import type { TracedWrite } from "./trace-lines.ts";
import { type TracedRun, traceRun, type Workload } from "./traced-run.ts";
import { isNoise, type PlannedMount, planWritable } from "./writable-plan.ts";

export interface LearnOptions extends Workload {
  /** The program that traces: strace, by its path. */
  readonly strace: string;
  readonly progress?: (what: string) => void;
}

/** One path that was written or that should have been. */
export interface LearnedWrite {
  readonly path: string;
  readonly operation: TracedWrite["operation"];
  /** Refused even on a writable root: the image's own modes do that. */
  readonly errno?: string;
}

/** The document of `lithify learn`. */
export interface LearnReport {
  readonly image: Digest;
  /** Whether the workload did its work on a writable root; without that nothing was learned. */
  readonly works: boolean;
  readonly writes: readonly LearnedWrite[];
  /** Written below /proc, /sys or /dev: no part of the image. */
  readonly noise: readonly string[];
  readonly mounts: readonly PlannedMount[];
  /** Writes in the root directory itself, which no mount can allow. */
  readonly unmountable: readonly string[];
  /** The workload did its work on a read-only root with these mounts, and nothing was refused but what always is. */
  readonly confirmed: boolean;
  /** What was refused then. `harmless`: also refused on the writable root, where the workload did its work all the same. */
  readonly refused: readonly (LearnedWrite & { readonly harmless: boolean })[];
  readonly renderings: Renderings;
  /** What the workload answered in the last run. */
  readonly workload: TracedRun["workload"];
  readonly seconds: number;
}

/** Rounds on a read-only root: each adds what the one before was refused. */
const maximumRounds = 3;

/**
 * Finds what the program of an image must write: a first run on a writable root, sealed in everything else, then runs
 * on a read-only root with the mounts that fit, until the workload does its work and nothing is refused.
 * Throws Fault LEARN_UNUSABLE, PROBE_UNUSABLE and what `engine.run` throws.
 */
export async function learn(
  engine: Engine,
  image: Image,
  options: LearnOptions,
): Promise<LearnReport> {
  const start = performance.now();
  const tree = await replayLayers(image.layers, { digests: false });
  options.progress?.("run on a writable root");
  const first = await traceRun(engine, image, { writableRoot: true }, options);
  const seen = partsOf(first.writes);
  const always = new Set(seen.refused.map(keyOf));
  const done = [...seen.done, ...untraced(first, seen.done, tree)];
  const wanted = [...done, ...(first.workload.works ? [] : seen.refused)];
  let plan = planWritable(wanted, tree);
  let last = first;
  let refused: readonly TracedWrite[] = [];
  for (let round = 0; round < maximumRounds; round += 1) {
    throwIfAborted(options.signal);
    options.progress?.(`run on a read-only root with ${plan.mounts.length} writable paths`);
    last = await traceRun(
      engine,
      image,
      { writable: plan.mounts.map(({ path }) => path) },
      options,
    );
    refused = partsOf(last.writes).refused;
    const more = refused.filter((one) => !always.has(keyOf(one)) || !last.workload.works);
    const next = planWritable([...wanted, ...more], tree);
    if (more.length === 0 || next.mounts.length === plan.mounts.length) break;
    wanted.push(...more);
    plan = next;
  }
  const isHarmless = (one: TracedWrite) => always.has(keyOf(one)) && last.workload.works;
  const left = refused.map((one) => ({ ...one, harmless: isHarmless(one) }));
  return {
    image: image.digest,
    works: first.workload.works,
    writes: distinct([...done, ...seen.refused]),
    noise: distinct([...first.writes, ...last.writes].filter(({ path }) => isNoise(path))).map(
      ({ path }) => path,
    ),
    ...plan,
    confirmed: last.workload.works && left.every(({ harmless }) => harmless),
    refused: left,
    renderings: renderWritable(plan.mounts.map(({ path }) => path)),
    workload: last.workload,
    seconds: Math.round(performance.now() - start) / 1000,
  };
}

function partsOf(writes: readonly TracedWrite[]): {
  readonly done: readonly TracedWrite[];
  readonly refused: readonly TracedWrite[];
} {
  const own = distinct(writes.filter(({ path }) => !isNoise(path)));
  return {
    done: own.filter(({ errno }) => errno === undefined),
    refused: own.filter(({ errno }) => errno !== undefined),
  };
}

/** Once each, by path; the first word on it stays. */
function distinct(writes: readonly TracedWrite[]): readonly TracedWrite[] {
  const byKey = new Map<string, TracedWrite>();
  for (const one of writes) if (!byKey.has(keyOf(one))) byKey.set(keyOf(one), one);
  return [...byKey.values()].toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

function keyOf({ operation, path, errno }: TracedWrite): string {
  return `${errno === undefined ? "done" : "refused"} ${operation} ${path}`;
}

/** What the writable layer holds and the trace does not: written through calls that name no path. */
function untraced(
  { touched }: TracedRun,
  done: readonly TracedWrite[],
  tree: Tree,
): readonly TracedWrite[] {
  const known = new Set(done.map(({ path }) => path));
  return touched
    .filter((path) => !known.has(path) && !isNoise(path))
    .filter((path) => tree.at(path)?.type !== "directory" && !isAbove(path, touched))
    .map((path) => ({ path, operation: tree.at(path) === undefined ? "create" : "write" }));
}

function isAbove(path: string, others: readonly string[]): boolean {
  return others.some((other) => other.startsWith(`${path}/`));
}
