import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { link, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { openStore } from "../src/store/layout-store.ts";
import { archiveOf, fileOf, inPieces } from "./archives.ts";
import { expectFault, withDirectory } from "./expectations.ts";
import { isRoot, run, testUnless } from "./programs.ts";

const writer = new URL("store-writer.ts", import.meta.url).pathname;

function startWriter(directory: string, ...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [writer, directory, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

function firstOutput(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.once("data", (chunk: Buffer) => resolve(chunk.toString().trim()));
    child.once("error", reject);
  });
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once("close", resolve));
}

/** Every blob hashes to its name, and every image in the index can be read. */
async function expectSound(directory: string): Promise<void> {
  const store = await openStore(directory);
  const blobs = join(directory, "blobs", "sha256");
  for (const name of await readdir(blobs)) {
    const hex = createHash("sha256")
      .update(await readFile(join(blobs, name)))
      .digest("hex");
    expect(hex).toBe(name);
  }
  for (const row of await store.list()) expect(row.damage).toBeUndefined();
  const rest = (await readdir(directory)).filter((name) => name.startsWith("."));
  expect(rest.filter((name) => name !== ".index.lock")).toEqual([]);
}

test("a process killed at any time leaves a sound store", () =>
  withDirectory(async (directory) => {
    for (let round = 0; round < 8; round += 1) {
      const child = startWriter(directory, "forever", `r${round}`);
      await firstOutput(child);
      await sleep(15 + 23 * round);
      child.kill("SIGKILL");
      await ended(child);
      await expectSound(directory);
    }
    const store = await openStore(directory);
    const layer = await store.writeLayer(inPieces(await archiveOf([fileOf("a", "after")])));
    const image = await store.writeImage({
      config: { architecture: "amd64", os: "linux" },
      layers: [layer],
    });
    await store.tag("after", image);
    expect((await store.image("after")).digest).toBe(image.digest);
    expect(await readdir(directory)).not.toContain(".index.lock");
  }));

test("several processes write one store", () =>
  withDirectory(async (directory) => {
    const children = ["a", "b", "c"].map((name) => startWriter(directory, "12", name));
    const codes = await Promise.all(children.map(ended));
    expect(codes).toEqual([0, 0, 0]);
    await expectSound(directory);
    const refs = (await (await openStore(directory)).list()).map(({ ref }) => ref);
    expect(refs).toHaveLength(36);
  }));

test("a lock of a killed process is taken over, by one of many", () =>
  withDirectory(async (directory) => {
    const holder = startWriter(directory, "hold");
    await firstOutput(holder);
    holder.kill("SIGKILL");
    await ended(holder);
    const lock = join(directory, ".index.lock");
    const stale = await readFile(lock, "utf8");
    // A second process died while it was taking the lock over
    await writeFile(join(directory, ".tmp_claim"), stale.replace(/_.*/, "_other"));
    await link(join(directory, ".tmp_claim"), join(directory, `.index.claim_${stale}`));
    await rm(join(directory, ".tmp_claim"));
    const children = ["a", "b", "c"].map((name) => startWriter(directory, "5", name));
    expect(await Promise.all(children.map(ended))).toEqual([0, 0, 0]);
    expect(await (await openStore(directory)).list()).toHaveLength(15);
    await expectSound(directory);
  }));

test("a temporary of a living process is left alone", () =>
  withDirectory(async (directory) => {
    const child = startWriter(directory, "slow");
    await firstOutput(child);
    const blobs = join(directory, "blobs", "sha256");
    const store = await openStore(directory);
    const before = (await readdir(blobs)).filter((name) => name.startsWith(".tmp_"));
    expect(before).toHaveLength(1);
    child.kill("SIGKILL");
    await ended(child);
    await openStore(store.directory);
    expect((await readdir(blobs)).filter((name) => name.startsWith(".tmp_"))).toEqual([]);
  }));

testUnless(isRoot ? undefined : "needs root to mount a tmpfs", "a full disk", () =>
  withDirectory(async (directory) => {
    const mount = join(directory, "small");
    await mkdir(mount);
    await run("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", mount]);
    try {
      const store = await openStore(mount);
      const layer = await store.writeLayer(inPieces(await archiveOf([fileOf("a", "one")])));
      const image = await store.writeImage({
        config: { architecture: "amd64", os: "linux" },
        layers: [layer],
      });
      await store.tag("web", image);
      const before = await readdir(join(mount, "blobs", "sha256"));
      const big = await archiveOf([fileOf("big", "x".repeat(3_000_000))]);
      await expectFault("STORE_FULL", () =>
        store.writeLayer(inPieces(big), { compression: "none" }),
      );
      expect(await readdir(join(mount, "blobs", "sha256"))).toEqual(before);
      await run("dd", ["if=/dev/zero", `of=${mount}/filler`, "bs=4096", "conv=notrunc"]).catch(
        () => undefined,
      );
      await expectFault("STORE_FULL", () => store.tag("other", image));
      await rm(join(mount, "filler"));
      await expectSound(mount);
      expect((await store.list()).map(({ ref }) => ref)).toEqual(["web:latest"]);
      await store.tag("other", image);
    } finally {
      await run("umount", [mount]);
    }
  }),
);

testUnless(
  isRoot ? undefined : "needs root to become another user",
  "a store of another user",
  () =>
    withDirectory(async (directory) => {
      await openStore(directory);
      const child = spawn(process.execPath, [writer, directory, "1", "x"], {
        uid: 65534,
        gid: 65534,
        stdio: ["ignore", "pipe", "ignore"],
      });
      expect(await firstOutput(child)).toBe("STORE_UNREADABLE");
      await ended(child);
    }),
);
