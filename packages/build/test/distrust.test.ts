import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hexOf, openStore, type Store } from "@lithify/oci";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type BuildOptions, buildImage } from "../src/index.ts";
import { fakeRunner } from "./fake-runner.ts";
import { writeProject } from "./project.ts";

let work: string;
let store: Store;

beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), "lithify-build-"));
  store = await openStore(join(work, "store"));
});

afterEach(async () => {
  await rm(work, { recursive: true, force: true });
});

function build(contextDirectory: string, options: Partial<BuildOptions> = {}) {
  return buildImage({ store, contextDirectory, runner: fakeRunner(), ...options });
}

describe("the cache is never trusted", () => {
  test("damaged records count as missing", async () => {
    const project = await writeProject(work, "one", ["a"]);
    const first = await build(project);
    const steps = join(store.cacheDirectory("build"), "steps");
    const names = await readdir(steps);
    expect(names.length).toBe(3);
    await writeFile(join(steps, names[0] ?? ""), "{");
    const record = JSON.parse(await readFile(join(steps, names[1] ?? ""), "utf8"));
    await writeFile(join(steps, names[1] ?? ""), JSON.stringify({ ...record, key: "another" }));
    await writeFile(
      join(steps, names[2] ?? ""),
      JSON.stringify({ ...record, layer: { digest: 1 } }),
    );
    const second = await build(project);
    expect([second.cached, second.image.digest]).toEqual([0, first.image.digest]);
  });

  test("a layer that is gone is made again", async () => {
    const project = await writeProject(work, "one", ["a"]);
    const first = await build(project);
    const layer = first.image.layers[1];
    if (layer === undefined) throw new Error("no layer");
    await rm(join(store.directory, "blobs", "sha256", hexOf(layer.digest)));
    const second = await build(project);
    expect([second.cached, second.image.digest]).toEqual([2, first.image.digest]);
    expect(await store.has(layer.digest)).toBe(true);
  });
});

describe("the lists of a layer's entries", () => {
  test("that are damaged are read from the layer again", async () => {
    const project = await writeProject(work, "one", ["a"]);
    const base = (await build(project)).image;
    await writeFile(join(project, "Dockerfile"), "FROM base\nRUN write /app/b B && rm /app/a\n");
    const buildContexts = new Map([["base", base]]);
    const first = await build(project, { buildContexts });
    const lists = join(store.cacheDirectory("build"), "entries");
    const names = await readdir(lists);
    expect(names.length).toBe(3);
    for (const name of names) {
      const text = await readFile(join(lists, name), "utf8");
      await writeFile(join(lists, name), text.replace('"uid":0', '"uid":7'));
    }
    const second = await build(project, { buildContexts, noCache: true });
    expect(second.image.digest).toBe(first.image.digest);
  });
});

describe("bad surroundings", () => {
  test("no Dockerfile", async () => {
    await expect(build(work)).rejects.toMatchObject({ code: "DOCKERFILE_MISSING", exitCode: 2 });
  });

  test("a build context that is nowhere", async () => {
    const project = await writeProject(work, "one", ["a"]);
    await writeFile(join(project, "Dockerfile"), "FROM base\n");
    for (const value of ["no-such-image", "./no/such/directory"])
      await expect(
        build(project, { buildContexts: new Map([["base", value]]) }),
      ).rejects.toMatchObject({ code: "BUILD_CONTEXT_INVALID" });
  });

  test("a platform that is none", async () => {
    const project = await writeProject(work, "one", ["a"]);
    await expect(build(project, { platform: "windows" })).rejects.toMatchObject({
      code: "PLATFORM_INVALID",
    });
  });

  test("a file that changes while it is copied poisons nothing", async () => {
    const project = await writeProject(work, "one", ["a"]);
    await writeFile(join(project, "Dockerfile"), "FROM scratch\nCOPY src /s\n");
    const changing = build(project, {
      store: Object.create(store, {
        writeLayer: {
          value: async (tar: AsyncIterable<Uint8Array>) => {
            await writeFile(join(project, "src", "a"), "CONTENT OF a");
            return store.writeLayer(tar);
          },
        },
      }) as Store,
    });
    await expect(changing).rejects.toMatchObject({ code: "CONTEXT_UNREADABLE" });
    expect((await build(project)).cached).toBe(0);
  });
});
