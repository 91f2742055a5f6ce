import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { chmod, chown, lchown, mkdir, mkdtemp, symlink } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Fault, unreachable } from "@lithify/fault";
import { patternList } from "../context/patterns.ts";
import type { Source } from "../context/source.ts";
import { type Selected, selectSources } from "../copy/select.ts";
import { diskFault } from "../layer/disk-fault.ts";
import type { Content } from "../layer/entry.ts";
import type { StepMount } from "../step-runner.ts";
import type { Workshop } from "../workshop.ts";
import type { MountClause } from "./mounts.ts";
import type { StepContext } from "./rule.ts";

/** A mount ready to be made when the step really runs. */
export interface RealisedMount {
  readonly key: unknown;
  /** `NAME=value` that a secret gives to the process; no part of the key. */
  readonly env: readonly string[];
  readonly mount: () => Promise<readonly StepMount[]>;
}

/** @throws Fault COPY_SOURCE_MISSING, STAGE_UNKNOWN, SECRET_MISSING */
export async function realiseMount(clause: MountClause, step: StepContext): Promise<RealisedMount> {
  switch (clause.type) {
    case "tmpfs": {
      const { type, target, size } = clause;
      const mount = size === undefined ? { type, target } : { type, target, size };
      return { key: clause, env: [], mount: async () => [mount] };
    }
    case "cache":
      return {
        key: ["cache", clause.target],
        env: [],
        mount: () => cacheMount(clause, step.workshop),
      };
    case "secret":
      return secretMount(clause, step);
    case "bind":
      return bindMount(clause, step);
    default:
      return unreachable(clause);
  }
}

async function cacheMount(
  clause: Extract<MountClause, { type: "cache" }>,
  workshop: Workshop,
): Promise<readonly StepMount[]> {
  const name = createHash("sha256").update(clause.id).digest("hex").slice(0, 32);
  const source = join(workshop.options.store.cacheDirectory("build"), "mounts", name);
  if ((await mkdir(source, { recursive: true })) !== undefined) {
    await chmod(source, clause.mode);
    if (process.getuid?.() === 0) await chown(source, clause.uid, clause.gid);
  }
  return [{ type: "cache", target: clause.target, source }];
}

function secretMount(
  clause: Extract<MountClause, { type: "secret" }>,
  { instruction, workshop }: StepContext,
): RealisedMount {
  const { id, target, env, mode } = clause;
  const bytes = workshop.options.secrets?.get(id);
  if (bytes === undefined && clause.required)
    throw new Fault("SECRET_MISSING", `the secret ${id}`, {
      hint: `give it with --secret id=${id},src=FILE`,
      place: instruction.place,
    });
  const key = ["secret", id, target ?? "", env ?? "", mode];
  if (bytes === undefined) return { key, env: [], mount: async () => [] };
  return {
    key,
    env: env === undefined ? [] : [`${env}=${Buffer.from(bytes).toString("utf8")}`],
    mount: async () => (target === undefined ? [] : [{ type: "secret", target, bytes, mode }]),
  };
}

async function bindMount(
  clause: Extract<MountClause, { type: "bind" }>,
  step: StepContext,
): Promise<RealisedMount> {
  const { instruction, workshop } = step;
  const { target, writable } = clause;
  const source = await workshop.source(clause.from, step);
  const [selected] = await selectSources(source, [clause.source], {
    parents: false,
    excluded: patternList([]),
    place: instruction.place,
  });
  if (selected === undefined) throw new Fault("INTERNAL", "a bind mount without a source");
  const nodes = [selected.root, ...selected.below.map(({ node }) => node)];
  const key = ["bind", target, writable, selected.root.path, await source.fingerprint(nodes)];
  return {
    key,
    env: [],
    mount: async () => {
      const written = await materialise(selected, source, workshop).catch((error: unknown) => {
        throw diskFault(error, `the mount at ${target}`);
      });
      return [{ type: "bind", target, source: written, writable }];
    },
  };
}

/** Writes what was selected to a directory of this machine: what the RUN sees is exactly what the key covers. */
async function materialise(
  selected: Selected,
  source: Source,
  workshop: Workshop,
): Promise<string> {
  const nodes = [selected.root, ...selected.below.map(({ node }) => node)];
  const contents = await source.contents(nodes);
  const directory = join(await mkdtemp(join(await workshop.scratchDirectory(), "bind-")), "root");
  const all = [{ path: "", node: selected.root }, ...selected.below];
  for (const { path, node } of all) {
    const full = join(directory, path);
    if (node.type === "directory") await mkdir(full);
    else if (node.type === "symlink") await symlink(node.target ?? "", full);
    else if (node.type === "file") await writeContent(full, contents.get(node.path));
    if (process.getuid?.() === 0) await lchown(full, node.uid, node.gid);
  }
  for (const { path, node } of all.reverse())
    if (node.type === "file" || node.type === "directory")
      await chmod(join(directory, path), node.mode);
  return directory;
}

async function writeContent(file: string, content: Content | undefined): Promise<void> {
  await pipeline(Readable.from(content?.open() ?? []), createWriteStream(file, { flags: "wx" }));
}
