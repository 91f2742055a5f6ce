import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cannotRun, heldBy, openPlace, type Place, skips, stillHeld, until } from "./place.ts";
import { addressOf, buildSmall, type RunDocument, writeSmallContext } from "./small-image.ts";
import { corruptBlobs, storeManifest } from "./store-manifest.ts";

interface LsDocument {
  readonly images: readonly { readonly ref: string; readonly digest: string }[];
}

describe.skipIf(skips("commands side by side", cannotRun()))("commands side by side", () => {
  let place: Place;
  beforeAll(() => {
    place = openPlace();
  });
  afterAll(() => place.close());

  it("builds of one store at the same time lose no name and no blob", async () => {
    const refs = ["a", "b", "c", "d"];
    const built = await Promise.all(
      refs.map((ref) => buildSmall(place, ref, { answer: `${ref}\n` })),
    );
    const { images } = await place.ask<LsDocument>(["ls"]);
    expect(images.map(({ ref, digest }) => [ref.replace(/:latest$/, ""), digest])).toEqual(
      built.map(({ digest }, index) => [refs[index], digest]),
    );
    expect(corruptBlobs(place.store)).toEqual([]);
    expect(storeManifest(place.store).leftovers).toEqual([]);
  });

  it("the same build at the same time gives the same digest", async () => {
    const context = writeSmallContext(place.at("same"), { answer: "same\n" });
    const build = ["build", context, "--tag", "same", "--no-cache"];
    const digests = await Promise.all(
      [1, 2, 3].map(async () => (await place.ask<{ digest: string }>(build)).digest),
    );
    expect(new Set(digests).size).toBe(1);
    expect(storeManifest(place.store).leftovers).toEqual([]);
  });

  it("instances start at the same time, each with a network of its own; one name is given once", async () => {
    const started = await Promise.all(
      ["a", "b", "c", "d"].map((ref) =>
        place.ask<RunDocument>(["run", ref, "-n", ref, "-p", "0:8080"]),
      ),
    );
    const held = heldBy(place);
    expect(new Set(held.namespaces).size).toBe(4);
    expect(new Set(held.links).size).toBe(4);
    for (const instance of started) expect(await pageOf(instance)).toBe(`${instance.name}\n`);
    const again = await Promise.all([1, 2, 3].map(() => place.run(["run", "a", "--name", "only"])));
    expect(again.map(({ exitCode }) => exitCode).sort()).toEqual([0, 2, 2]);
    await place.ask(["stop", "--all"]);
    expect(stillHeld(place, held)).toEqual({
      namespaces: [],
      links: [],
      processes: [],
      mounts: [],
    });
  });
});

function pageOf(instance: RunDocument): Promise<string> {
  return until(() =>
    fetch(`${addressOf(instance)}/www/index.html`).then(
      (response) => response.text(),
      () => false as const,
    ),
  );
}
