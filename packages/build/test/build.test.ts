import { spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore, replayLayers, type Store } from "@lithify/oci";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type BuildOptions, type BuildProgress, buildImage, type Step } from "../src/index.ts";
import { fakeRunner } from "./fake-runner.ts";
import { dockerfile, writeProject } from "./project.ts";

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

describe("building again", () => {
  test("gives the same digest from another directory, in another order, at another time", async () => {
    const one = await writeProject(work, "one", ["a", "b", "c"]);
    const two = await writeProject(work, "elsewhere", ["c", "a", "b"]);
    const first = await build(one);
    const second = await build(two, { noCache: true });
    expect(second.cached).toBe(0);
    expect(second.image.digest).toBe(first.image.digest);
    expect(first.image.config.created).toBe("1970-01-01T00:00:00Z");
  });

  test("takes every layer from the cache", async () => {
    const project = await writeProject(work, "one", ["a"]);
    const log: Step[] = [];
    const first = await build(project, { runner: fakeRunner(log) });
    const second = await build(project, { runner: fakeRunner(log) });
    expect([first.cached, second.cached, log.length]).toEqual([0, 3, 1]);
    expect(second.image.digest).toBe(first.image.digest);
  });

  test("notices a changed file, a changed mode and a changed instruction", async () => {
    const project = await writeProject(work, "one", ["a"]);
    await build(project);
    await writeFile(join(project, "src", "a"), "other");
    expect((await build(project)).cached).toBe(0);
    await chmod(join(project, "src", "a"), 0o600);
    expect((await build(project)).cached).toBe(0);
    await writeFile(join(project, "Dockerfile"), dockerfile.replace("by-a-run", "again"));
    expect((await build(project)).cached).toBe(1);
  });

  test("gives every file and the image the time that was asked for", async () => {
    const project = await writeProject(work, "one", ["a"]);
    const { image } = await build(project, { sourceDateEpoch: 86_400 });
    expect(image.config.created).toBe("1970-01-02T00:00:00Z");
    const times = [...(await replayLayers(image.layers))].filter(({ path }) => path !== "/");
    expect(new Set(times.map(({ mtime }) => mtime))).toEqual(new Set([86_400]));
  });
});

describe("what a build leaves behind", () => {
  test("no temporary file, also when a step fails", async () => {
    const project = await writeProject(work, "one", ["a"]);
    await writeFile(join(project, "src", "large"), Buffer.alloc(100_000, 7));
    await writeFile(
      join(project, "Dockerfile"),
      "FROM scratch AS a\nCOPY src /app/\nFROM scratch\nCOPY --from=a /app /b\n" +
        "RUN --mount=target=/m,source=src fail 1\n",
    );
    await expect(build(project)).rejects.toMatchObject({ code: "STEP_FAILED", exitCode: 3 });
    const temporary = join(store.cacheDirectory("build"), "temporary");
    expect(await readdir(temporary)).toEqual([]);
    expect(await store.list()).toEqual([]);
  });

  test("what a killed build left is swept away, what a running one uses is not", async () => {
    const project = await writeProject(work, "one", ["a"]);
    const temporary = join(store.cacheDirectory("build"), "temporary");
    const { pid: dead = 0 } = spawnSync("true");
    for (const name of [`spool-${dead}-abc`, `spool-${process.pid}-abc`])
      await mkdir(join(temporary, name), { recursive: true });
    await writeFile(
      join(project, "Dockerfile"),
      "FROM scratch\nRUN --mount=target=/m,source=src write /a b\n",
    );
    await build(project);
    expect(await readdir(temporary)).toEqual([`spool-${process.pid}-abc`]);
  });

  test("an aborted build says so", async () => {
    const project = await writeProject(work, "one", ["a"]);
    await expect(build(project, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "INTERRUPTED",
    });
  });
});

describe("what a build reports", () => {
  test("steps in order, what came from the cache, what a RUN wrote, arguments that nothing uses", async () => {
    const project = await writeProject(work, "one", ["a"]);
    await writeFile(
      join(project, "Dockerfile"),
      "FROM scratch\nCOPY src /\nRUN say hello && write /a b\n",
    );
    await build(project);
    await writeFile(
      join(project, "Dockerfile"),
      "FROM scratch\nCOPY src /\nRUN say hi && write /a b\n",
    );
    const events: BuildProgress[] = [];
    await build(project, {
      progress: (event) => events.push(event),
      buildArgs: new Map([["unused", "1"]]),
    });
    const shown = events.map((event) =>
      event.kind === "done" ? { kind: "done", cached: event.cached } : event,
    );
    expect(shown).toEqual([
      { kind: "step", stage: "stage 0", line: 2, text: "COPY src /" },
      { kind: "done", cached: true },
      { kind: "step", stage: "stage 0", line: 3, text: "RUN say hi && write /a b" },
      { kind: "output", line: "hi" },
      { kind: "done", cached: false },
      { kind: "warning", text: "no ARG uses the build argument unused" },
    ]);
  });

  test("brackets that are no JSON", async () => {
    const project = await writeProject(work, "one", ["a"]);
    await writeFile(
      join(project, "Dockerfile"),
      "FROM scratch\nCMD ['serve']\nENTRYPOINT [\"x\"]\n",
    );
    const warnings: string[] = [];
    await build(project, {
      progress: (event) => event.kind === "warning" && warnings.push(event.text),
    });
    expect(warnings).toEqual(["line 2: ['serve'] is not JSON, so a shell gets it"]);
  });

  test("layers with the instruction that made each", async () => {
    const project = await writeProject(work, "one", ["a"]);
    const { layers, image } = await build(project);
    expect(layers.map(({ createdBy }) => createdBy)).toEqual([
      "COPY src /app/",
      "RUN /bin/sh -c write /made by-a-run",
      "WORKDIR /work",
    ]);
    expect(layers.map(({ diffId }) => diffId)).toEqual(image.config.rootfs.diff_ids);
  });
});

describe("a RUN", () => {
  test("is given the files so far, ENV and ARG, user, directory; proxies change no key", async () => {
    const project = await writeProject(work, "one", ["a"]);
    await writeFile(
      join(project, "Dockerfile"),
      "FROM scratch\nENV A=1\nARG B=2\nARG C\nCOPY src /s\nWORKDIR /w/x\nUSER me:us\nRUN write /a b\n",
    );
    const log: Step[] = [];
    const buildArgs = new Map([["https_proxy", "http://one:1"]]);
    await build(project, { runner: fakeRunner(log), buildArgs });
    const again = await build(project, {
      runner: fakeRunner(log),
      buildArgs: new Map([["https_proxy", "http://two:2"]]),
    });
    expect([again.cached, log.length]).toEqual([3, 1]);
    expect(log[0]).toMatchObject({
      command: ["/bin/sh", "-c", "write /a b"],
      env: [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "https_proxy=http://one:1",
        "B=2",
        "A=1",
      ],
      user: "me:us",
      workingDirectory: "/w/x",
      network: "default",
      mounts: [],
    });
    expect(log[0]?.layers.length).toBe(2);
  });

  test("a hard link to what the step did not change is refused", async () => {
    const project = await writeProject(work, "one", ["a"]);
    await writeFile(join(project, "Dockerfile"), "FROM scratch\nRUN link /nowhere /b\n");
    await expect(build(project)).rejects.toMatchObject({ code: "STEP_FAILED" });
  });
});
