import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fields } from "../src/tar/header.ts";
import { patchTar, type TarPatch } from "../src/tar/patch.ts";
import { readTar } from "../src/tar/read.ts";
import { arbitraryInputs } from "./arbitrary-entries.ts";
import { archiveOf, collect, entryOf, fileOf, inPieces } from "./archives.ts";

const smallId = fc.integer({ min: 0, max: 2_000_000 });
const patches = fc.array(
  fc.option(fc.record({ mode: fc.integer({ min: 0, max: 0o7777 }), uid: smallId, gid: smallId })),
  { maxLength: 12 },
);

/** Offsets, within its block, of the bytes that a patch may change. */
function mayChange(at: number): boolean {
  const inside = ({ at: start, length }: { at: number; length: number }) =>
    at >= start && at < start + length;
  return inside(fields.mode) || inside(fields.uid) || inside(fields.gid) || inside(fields.checksum);
}

async function entriesOf(archive: Uint8Array) {
  const entries = [];
  for await (const { entry, body } of readTar(inPieces(archive))) {
    entries.push({ ...entry, content: (await collect(body)).toString("hex") });
  }
  return entries;
}

describe("patchTar", () => {
  test("changes mode, owner and checksum, and not one byte more", async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryInputs,
        patches,
        fc.integer({ min: 1, max: 2000 }),
        async (inputs, changes, size) => {
          const small = inputs.map((input) => ({
            ...input,
            entry: {
              ...input.entry,
              uid: input.entry.uid % 2_000_000,
              gid: input.entry.gid % 2_000_000,
            },
          }));
          const before = Buffer.concat([await archiveOf(small), Buffer.from("trailing bytes")]);
          let index = -1;
          const patched = await collect(
            patchTar(inPieces(before, size), () => {
              index += 1;
              return changes[index] ?? undefined;
            }),
          );
          expect(patched.length).toBe(before.length);
          for (let at = 0; at < before.length; at += 1) {
            if (before[at] !== patched[at] && !mayChange(at % 512)) throw new Error(`byte ${at}`);
          }
          const expected = (await entriesOf(before)).map((entry, at) => ({
            ...entry,
            ...changes[at],
          }));
          expect(await entriesOf(patched)).toEqual(expected);
        },
      ),
      { numRuns: 150 },
    );
  });

  test("nothing to change: the same bytes", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryInputs, async (inputs) => {
        const archive = await archiveOf(inputs);
        const same = await collect(
          patchTar(inPieces(archive, 777), ({ mode, uid, gid }) => ({
            mode,
            uid,
            gid,
            removeXattrs: ["user.none"],
          })),
        );
        expect(same.equals(archive)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test("owners of any size, in records and out of them", async () => {
    const ids = fc.integer({ min: 0, max: 0xffff_fffe });
    await fc.assert(
      fc.asyncProperty(ids, ids, async (from, to) => {
        const archive = await archiveOf([fileOf("a", "text", { uid: from }), fileOf("b", "more")]);
        const patched = await collect(
          patchTar(inPieces(archive), ({ path }) => (path === "a" ? { uid: to } : undefined)),
        );
        const before = await entriesOf(archive);
        expect(await entriesOf(patched)).toEqual([{ ...before[0], uid: to }, before[1]]);
      }),
    );
  });

  test("attributes are removed from the one PAX header", async () => {
    const xattrs = new Map([
      ["security.capability", Buffer.from([1, 0, 0, 2, 10, 61])],
      ["user.keep", Buffer.from([0, 255])],
    ]);
    const inputs = [
      fileOf("a", "text", { xattrs, mtime: 1.5 }),
      fileOf("b", "text", { xattrs: new Map([["security.capability", Buffer.from([9])]]) }),
      { entry: entryOf("c", "directory", { xattrs }) },
    ];
    const archive = await archiveOf(inputs);
    const drop: TarPatch = { removeXattrs: ["security.capability"] };
    const patched = await collect(
      patchTar(inPieces(archive), ({ path }) => (path === "c" ? undefined : drop)),
    );
    const wanted = await archiveOf([
      fileOf("a", "text", { xattrs: new Map([["user.keep", Buffer.from([0, 255])]]), mtime: 1.5 }),
      fileOf("b", "text"),
      { entry: entryOf("c", "directory", { xattrs }) },
    ]);
    expect(patched.equals(wanted)).toBe(true);
  });

  test("keeps how a field is written, and type bits above the mode", async () => {
    const archive = await archiveOf([fileOf("a", "")]);
    archive.write("0100644\0", fields.mode.at, "latin1");
    archive.write("     5 \0", fields.uid.at, "latin1");
    const sum = archive
      .subarray(0, 512)
      .reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
    archive.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    const patched = await collect(patchTar(inPieces(archive), () => ({ mode: 0o755, uid: 0o17 })));
    expect(patched.toString("latin1", 100, 116)).toBe("0100755\0    17 \0");
  });
});
