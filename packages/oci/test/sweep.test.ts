import { expect, test } from "vitest";
import { openStore } from "../src/store/layout-store.ts";
import { sweepLayout } from "../src/store/layout-sweep.ts";
import { archiveOf, fileOf, inPieces } from "./archives.ts";
import { withDirectory } from "./expectations.ts";

test("a sweep takes what no name reaches, statements of removed images too, and nothing young", () =>
  withDirectory(async (directory) => {
    const store = await openStore(directory);
    const make = async (name: string) => {
      const layer = await store.writeLayer(inPieces(await archiveOf([fileOf(name, name)])));
      const image = await store.writeImage({
        config: { os: "linux", architecture: "amd64" },
        layers: [layer],
      });
      await store.tag(name, image);
      const bytes = Buffer.from(name);
      await store.attach(image, { artifactType: "a/b", mediaType: "text/plain", bytes });
      return image;
    };
    const [kept, gone] = [await make("kept"), await make("gone")];
    await store.untag("gone");
    expect((await sweepLayout(store, { age: 60_000 })).removed).toEqual([]);
    const later = Date.now() + 120_000;
    const dry = await sweepLayout(store, { age: 60_000, now: later, dryRun: true });
    expect(await store.has(gone.digest)).toBe(true);
    const { removed } = await sweepLayout(store, { age: 0, now: later });
    expect([...removed].sort()).toEqual([...dry.removed].sort());
    // Layer, configuration, manifest; the statement's manifest and its bytes; its empty configuration is shared
    expect(removed).toHaveLength(5);
    expect(await store.has(gone.digest)).toBe(false);
    expect((await store.image("kept")).digest).toBe(kept.digest);
    expect(await store.attached(kept, "a/b")).toHaveLength(1);
    expect((await sweepLayout(store, { age: 0, now: later })).removed).toEqual([]);
  }));
