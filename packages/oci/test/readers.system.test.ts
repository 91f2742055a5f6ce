import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { compress } from "../src/blob/compression.ts";
import { digestOf } from "../src/blob/digest.ts";
import { openStore } from "../src/store/layout-store.ts";
import { openImageAt } from "../src/transport/transport.ts";
import { diffTrees } from "../src/tree/diff.ts";
import { replayLayers } from "../src/tree/replay.ts";
import { archiveOf, collect, entryOf, fileOf, inPieces } from "./archives.ts";
import { withDirectory } from "./expectations.ts";
import { hasProgram, piped, run, testUnless } from "./programs.ts";

const content = Buffer.from(
  Array.from({ length: 150_000 }, (_, line) => `line ${line}\n`).join(""),
);

describe("our gzip", () => {
  const readers: readonly (readonly [string, readonly string[]])[] = [
    ["gzip", ["-dc"]],
    ["busybox", ["gunzip", "-c"]],
    ["pigz", ["-dc"]],
    [
      "python3",
      ["-c", "import gzip,sys; sys.stdout.buffer.write(gzip.decompress(sys.stdin.buffer.read()))"],
    ],
  ];
  for (const [program, args] of readers) {
    testUnless(
      hasProgram(program) ? undefined : `no ${program}`,
      `is read by ${program}`,
      async () => {
        const compressed = await collect(compress(inPieces(content), "gzip"));
        expect((await piped(compressed, program, args)).equals(content)).toBe(true);
      },
    );
  }

  testUnless(undefined, "is the same on one thread and on eight", async () => {
    const script = `
      import { compress } from ${JSON.stringify(new URL("../src/blob/compression.ts", import.meta.url).href)};
      const content = process.argv[1];
      const bytes = Buffer.from(Array.from({ length: 150_000 }, (_, line) => "line " + line + "\\n").join(""));
      for await (const chunk of compress((async function* () { yield bytes; })(), "gzip")) process.stdout.write(chunk);`;
    const outputs = ["1", "8"].map(async (threads) => {
      const env = { ...process.env, UV_THREADPOOL_SIZE: threads };
      const args = ["--input-type=module", "-e", script];
      const { stdout } = await run(process.execPath, args, {
        env,
        encoding: "buffer",
        maxBuffer: 2 ** 24,
      });
      return digestOf(stdout);
    });
    const [one, eight] = await Promise.all(outputs);
    expect(one).toBe(eight);
    expect(one).toBe(digestOf(await collect(compress(inPieces(content, 1000), "gzip"))));
  });
});

describe("our zstd", () => {
  testUnless(hasProgram("zstd") ? undefined : "no zstd", "is read by zstd", async () => {
    const compressed = await collect(compress(inPieces(content), "zstd"));
    expect((await piped(compressed, "zstd", ["-dc"])).equals(content)).toBe(true);
  });
});

/** skopeo is written in Go, as Docker, containerd, buildah and umoci are, and uses the same libraries. */
const noSkopeo = hasProgram("skopeo") ? undefined : "no skopeo";

describe("our layout", () => {
  const inputs = [
    { entry: entryOf("d", "directory", { mode: 0o2755 }) },
    fileOf("d/a", content.toString(), { xattrs: new Map([["user.a", Buffer.from([0, 255, 10])]]) }),
    { entry: entryOf("d/same", "hardlink", { target: "d/a" }) },
    fileOf(`${"long/".repeat(50)}${"n".repeat(130)}`, "x", { uid: 3_000_000, mtime: 1.5 }),
  ];

  for (const compression of ["gzip", "zstd", "none"] as const) {
    testUnless(noSkopeo, `is copied and expanded by skopeo (${compression})`, () =>
      withDirectory(async (directory) => {
        const store = await openStore(join(directory, "store"));
        const archive = await archiveOf(inputs);
        const layer = await store.writeLayer(inPieces(archive), { compression });
        const config = { architecture: "amd64", os: "linux" };
        const image = await store.writeImage({ config, layers: [layer] });
        await store.tag("web", image, { exact: true });
        const policy = join(directory, "policy.json");
        await writeFile(policy, '{"default":[{"type":"insecureAcceptAnything"}]}');
        const skopeo = (...args: readonly string[]) => run("skopeo", ["--policy", policy, ...args]);
        const expanded = join(directory, "expanded");
        await skopeo("copy", "--dest-decompress", `oci:${store.directory}:web`, `dir:${expanded}`);
        const name = layer.diffId.slice("sha256:".length);
        expect((await readFile(join(expanded, name))).equals(archive)).toBe(true);
        const copy = join(directory, "copy");
        await skopeo("copy", "--preserve-digests", `oci:${store.directory}:web`, `oci:${copy}:1.0`);
        const back = await openImageAt(`oci:${copy}:1.0`, store);
        expect(back.image.digest).toBe(image.digest);
        const trees = await Promise.all([
          replayLayers(image.layers),
          replayLayers(back.image.layers),
        ]);
        expect(diffTrees(...trees)).toEqual([]);
        await rm(expanded, { recursive: true });
      }),
    );
  }
});
