import fc from "fast-check";
import type { TarEntry } from "../src/tar/entry.ts";
import { decodeName } from "../src/tar/name-bytes.ts";
import type { TarInput } from "../src/tar/write.ts";

/** A name of any bytes but NUL and slash, "." and ".." left out. */
const name = fc
  .uint8Array({ minLength: 1, maxLength: 90 })
  .map((bytes) =>
    decodeName(Buffer.from(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x61 : byte)))),
  )
  .filter((text) => text !== "." && text !== "..");

const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((names) => names.join("/"));
const id = fc.oneof(fc.integer({ min: 0, max: 70_000 }), fc.integer({ min: 0, max: 0xffff_fffe }));
const mtime = fc.oneof(
  fc.integer({ min: -1_000_000_000, max: 4_000_000_000 }),
  fc.integer({ min: 0, max: 2 ** 40 }).map((number) => number / 256),
);
const xattrs = fc
  .array(
    fc.tuple(
      fc.stringMatching(/^(user|trusted|security)\.[a-z][a-z.]{0,20}$/),
      fc.uint8Array({ maxLength: 300 }),
    ),
    { maxLength: 3 },
  )
  .map((pairs) => new Map(pairs));

const attributes = fc.record({
  path,
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: id,
  gid: id,
  mtime,
  xattrs,
});

const file = fc.tuple(attributes, fc.uint8Array({ maxLength: 1500 })).map(
  ([common, body]): TarInput => ({
    entry: { ...common, type: "file", size: body.length },
    body,
  }),
);

const other = fc
  .tuple(
    attributes,
    fc.constantFrom<TarEntry["type"]>(
      "directory",
      "symlink",
      "hardlink",
      "fifo",
      "character",
      "block",
    ),
    path,
    fc.integer({ min: 0, max: 4000 }),
  )
  .map(([common, type, target, minor]): TarInput => {
    const entry = { ...common, type, size: 0 };
    if (type === "symlink" || type === "hardlink") return { entry: { ...entry, target } };
    if (type === "character" || type === "block") {
      return { entry: { ...entry, device: { major: 8, minor } } };
    }
    return { entry };
  });

/** Members with names, owners, times and attributes of every kind that tar can hold. */
export const arbitraryInputs = fc.array(fc.oneof(file, other), { maxLength: 12 });
