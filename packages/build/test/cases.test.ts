import { chmod, cp, lstat, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isFault } from "@lithify/fault";
import { type Image, openStore, readFileOf, replayLayers, type Store } from "@lithify/oci";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildImage } from "../src/index.ts";
import { fakeRunner } from "./fake-runner.ts";

const casesDirectory = join(import.meta.dirname, "cases");
const names = await readdir(casesDirectory);

/** `options.json` of a case: what the build is given. Modes are of files in the context, which git does not keep. */
interface CaseOptions {
  readonly modes?: Readonly<Record<string, string>>;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly target?: string;
  /** Build contexts that are folders of the case, built from their own Dockerfile. */
  readonly images?: Readonly<Record<string, string>>;
  readonly directories?: Readonly<Record<string, string>>;
}

/** `expected.json`: either the whole tree and parts of the configuration, or a fault. */
interface Expected {
  readonly tree?: readonly string[];
  readonly config?: Readonly<Record<string, unknown>>;
  readonly history?: readonly string[];
  readonly layers?: number;
  readonly fault?: {
    readonly code: string;
    readonly place?: string;
    readonly hint?: string;
    readonly why?: string;
  };
}

let work: string;
let store: Store;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), "lithify-build-"));
  store = await openStore(join(work, "store"));
});

afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

describe("a Dockerfile becomes the image that BuildKit would make", () => {
  test("there are cases", () => expect(names.length).toBeGreaterThan(40));

  test.for(names)("%s", async (name) => {
    const folder = join(work, name);
    await cp(join(casesDirectory, name), folder, { recursive: true, verbatimSymlinks: true });
    const expected = JSON.parse(await readFile(join(folder, "expected.json"), "utf8")) as Expected;
    const outcome = await buildCase(folder).catch((error: unknown) => error);
    if (expected.fault !== undefined) return expectFault(outcome, expected.fault);
    if (outcome instanceof Error) throw outcome;
    const image = outcome as Image;
    expect(await describeTree(image)).toEqual(expected.tree);
    expect(image.config.config).toMatchObject(expected.config ?? {});
    if (expected.layers !== undefined) expect(image.layers.length).toBe(expected.layers);
    if (expected.history !== undefined)
      expect(image.config.history?.map((entry) => entry.created_by)).toEqual(expected.history);
    return undefined;
  });
});

async function buildCase(folder: string): Promise<Image> {
  const options = JSON.parse(
    await readFile(join(folder, "options.json"), "utf8").catch(() => "{}"),
  ) as CaseOptions;
  const contextDirectory = join(folder, "context");
  await mkdir(contextDirectory, { recursive: true });
  await plainModes(contextDirectory);
  for (const [path, mode] of Object.entries(options.modes ?? {}))
    await chmod(join(contextDirectory, path), Number.parseInt(mode, 8));
  const buildContexts = new Map<string, string | Image>();
  for (const [name, path] of Object.entries(options.images ?? {}))
    buildContexts.set(name, await buildCase(join(folder, path)));
  for (const [name, path] of Object.entries(options.directories ?? {})) {
    await plainModes(join(folder, path));
    buildContexts.set(name, join(folder, path));
  }
  const { image } = await buildImage({
    ...{ store, contextDirectory, buildContexts, runner: fakeRunner() },
    dockerfile: join(folder, "Dockerfile"),
    buildArgs: new Map(Object.entries(options.buildArgs ?? {})),
    secrets: new Map(
      Object.entries(options.secrets ?? {}).map(([id, text]) => [id, Buffer.from(text)]),
    ),
    platform: "linux/amd64",
    ...(options.target === undefined ? {} : { target: options.target }),
  });
  return image;
}

/** A checkout's modes depend on the umask: 0644, or 0755 for directories and programs. */
async function plainModes(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const name of await readdir(directory, { recursive: true })) {
    const path = join(directory, name);
    const stat = await lstat(path);
    if (stat.isSymbolicLink()) continue;
    await chmod(path, stat.isDirectory() || (stat.mode & 0o100) !== 0 ? 0o755 : 0o644);
  }
}

/** One line per object: `f 644 0:0 /path = content`; links of one file are named. */
async function describeTree(image: Image): Promise<readonly string[]> {
  const tree = await replayLayers(image.layers);
  const lines: string[] = [];
  for (const node of tree) {
    if (node.path === "/") continue;
    const owner = `${node.mode.toString(8)} ${node.uid}:${node.gid} ${node.path}`;
    if (node.type === "symlink") lines.push(`l ${node.path} -> ${node.target}`);
    else if (node.type === "directory") lines.push(`d ${owner}`);
    else {
      const text = (await readFileOf(image, node.path))?.toString("utf8").trim();
      const first = tree.linksOf(node)[0];
      lines.push(`f ${owner} = ${first === node.path ? text : `link to ${first}`}`);
    }
  }
  return lines;
}

function expectFault(outcome: unknown, expected: NonNullable<Expected["fault"]>): void {
  if (!isFault(outcome))
    throw outcome instanceof Error ? outcome : new Error("no fault was raised");
  const { place } = outcome;
  const file = place?.file.split("/").at(-1);
  const shown = { code: outcome.code, place: `${file}:${place?.line}:${place?.column}` };
  expect(shown).toMatchObject({
    code: expected.code,
    ...(expected.place === undefined ? {} : { place: expected.place }),
  });
  if (expected.hint !== undefined) expect(outcome.hint).toContain(expected.hint);
  if (expected.why !== undefined) expect(outcome.why).toContain(expected.why);
}
