import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tarLimits } from "../src/tar/entry.ts";
import { readTar } from "../src/tar/read.ts";
import type { TarInput } from "../src/tar/write.ts";
import { arbitraryInputs } from "./arbitrary-entries.ts";
import { archiveOf, collect, entryOf, fileOf, inPieces } from "./archives.ts";
import { expectFault, faultCodeOf } from "./expectations.ts";

async function readAll(archive: Uint8Array, pieces?: number): Promise<TarInput[]> {
  const inputs: TarInput[] = [];
  for await (const { entry, body } of readTar(inPieces(archive, pieces))) {
    const content = await collect(body);
    inputs.push(entry.type === "file" ? { entry, body: content } : { entry });
  }
  return inputs;
}

function plain(inputs: readonly TarInput[]) {
  return inputs.map(({ entry, body }) => ({
    ...entry,
    xattrs: [...entry.xattrs].map(([name, value]) => [name, Buffer.from(value).toString("hex")]),
    body: body instanceof Uint8Array ? Buffer.from(body).toString("hex") : "",
  }));
}

describe("tar", () => {
  test("what is written is read back, however the bytes come", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryInputs, fc.integer({ min: 1, max: 3000 }), async (inputs, size) => {
        const archive = await archiveOf(inputs);
        expect(plain(await readAll(archive, size))).toEqual(plain(inputs));
      }),
      { numRuns: 150 },
    );
  });

  test("the same members give the same bytes", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryInputs, async (inputs) => {
        expect((await archiveOf(inputs)).equals(await archiveOf(inputs))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test("sizes beyond eight gigabytes and names of every length fit", async () => {
    for (let length = 95; length < 270; length += 1) {
      const path = `${"d".repeat(length - 50)}/${"f".repeat(49)}`.slice(-length);
      if (path.split("/").some((name) => name.length > 255)) continue;
      const [read] = await readAll(await archiveOf([fileOf(path.replace(/^\//, ""), "x")]));
      expect(read?.entry.path).toBe(path.replace(/^\//, ""));
    }
    const huge = entryOf("huge", "file", { size: 9 * 1024 ** 3 });
    const header = [];
    const { writeTar } = await import("../src/tar/write.ts");
    for await (const chunk of writeTar([{ entry: huge, body: new Uint8Array(0) }])) {
      header.push(chunk);
      break;
    }
    for await (const { entry } of readTar(inPieces(Buffer.concat(header)))) {
      expect(entry.size).toBe(huge.size);
      break;
    }
  });

  test("a body that is not read is skipped, one that is half read too", async () => {
    const archive = await archiveOf([
      fileOf("a", "a".repeat(5000)),
      fileOf("b", "b"),
      fileOf("c", "c"),
    ]);
    const paths: string[] = [];
    for await (const { entry, body } of readTar(inPieces(archive, 700))) {
      paths.push(entry.path);
      if (entry.path === "a") for await (const chunk of body) if (chunk.length > 0) break;
    }
    expect(paths).toEqual(["a", "b", "c"]);
  });

  test("a body of another size than its entry is refused", async () => {
    const entry = entryOf("a", "file", { size: 3 });
    await expectFault("TAR_INVALID", () => archiveOf([{ entry, body: Buffer.from("four") }]));
    await expectFault("TAR_INVALID", () => archiveOf([{ entry: entryOf("s", "socket") }]));
  });

  test("an archive that is cut is refused, unless it is cut behind a member or its content", async () => {
    const archive = await archiveOf([fileOf("a", "x".repeat(700)), fileOf("b", "y")]);
    for (const length of [1, 511, 513, 1211, 1213, 1300, 2047, 2050, 3000]) {
      await expectFault("TAR_INVALID", () => readAll(archive.subarray(0, length)));
    }
    expect(await readAll(archive.subarray(0, 512 + 1024))).toHaveLength(1);
    expect(await readAll(archive.subarray(0, 512 + 700))).toHaveLength(1);
    expect(await readAll(archive.subarray(0, 2048 + 1))).toHaveLength(2);
  });

  test("changed and random bytes end in a Fault or are read", async () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(arbitraryInputs, flips, async (inputs, changes) => {
        const archive = await archiveOf(inputs);
        for (const [at, byte] of changes) archive[at % archive.length] = byte;
        await faultCodeOf(() => readAll(archive, 1000));
      }),
      { numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (bytes) => {
        await faultCodeOf(() => readAll(bytes, 100));
      }),
      { numRuns: 200 },
    );
  });
});

describe("limits", () => {
  const read = async (archive: Uint8Array, limits: Partial<typeof tarLimits>) => {
    for await (const { body } of readTar(inPieces(archive), { ...tarLimits, ...limits })) {
      await collect(body);
    }
  };

  test.each([
    ["entries", { entries: 2 }],
    ["pathBytes", { pathBytes: 150 }],
    ["nameBytes", { nameBytes: 150 }],
    ["extensionBytes", { extensionBytes: 100 }],
    ["extensions", { extensions: 0 }],
  ])("%s", async (_, limits) => {
    const inputs = [fileOf("a", ""), fileOf("x".repeat(200), ""), fileOf("c", "")];
    const archive = await archiveOf(inputs);
    await read(archive, {});
    await expectFault("LIMIT_EXCEEDED", () => read(archive, limits));
  });
});
