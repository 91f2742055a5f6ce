import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LayoutBlobs } from "../src/store/layout-blobs.ts";
import { withDirectory } from "./expectations.ts";

test("a reader that leaves while the next piece is being read leaves no file open", async () => {
  await withDirectory(async (directory) => {
    const blobs = new LayoutBlobs(directory);
    const { digest } = await blobs.write(Buffer.alloc(3_000_000, 7));
    const path = blobs.pathOf(digest);
    const isOpen = () => openFiles().includes(path);
    for (let round = 0; round < 20; round += 1) {
      let seen = 0;
      for await (const piece of blobs.open(digest)) {
        seen += piece.length;
        expect(isOpen()).toBe(true);
        break;
      }
      expect(seen).toBeLessThan(3_000_000);
      expect(isOpen()).toBe(false);
    }
    const failing = (async () => {
      for await (const piece of blobs.open(digest)) throw new Error(`left at ${piece[0]}`);
    })();
    await expect(failing).rejects.toThrow("left at 7");
    expect(isOpen()).toBe(false);
  });
});

function openFiles(): readonly string[] {
  const directory = "/proc/self/fd";
  return readdirSync(directory).flatMap((name) => {
    try {
      return [readlinkSync(join(directory, name))];
    } catch {
      return [];
    }
  });
}
