import { describe, expect, test } from "vitest";
import { blockSize, fields, paddingOf, writeChecksum, writeNumber } from "../src/tar/header.ts";
import { paxRecord } from "../src/tar/pax.ts";
import { readTar } from "../src/tar/read.ts";
import { headerBytes } from "../src/tar/write.ts";
import { collect, entryOf, inPieces } from "./archives.ts";
import { expectFault } from "./expectations.ts";

/** A header block, changed by `edit` before its checksum is written. */
function block(path: string, edit: (header: Buffer) => void = () => undefined): Buffer {
  const header = headerBytes(entryOf(path, "file"));
  edit(header);
  writeChecksum(header);
  return header;
}

function extension(type: string, body: Buffer): Buffer {
  const header = block("extension", (bytes) => {
    bytes.write(type, fields.type.at, "latin1");
    writeNumber(bytes, fields.size, body.length);
  });
  return Buffer.concat([header, body, Buffer.alloc(paddingOf(body.length))]);
}

function pax(...records: readonly (readonly [string, string | Uint8Array])[]): Buffer {
  return extension("x", Buffer.concat(records.map(([key, value]) => paxRecord(key, value))));
}

async function readOne(...parts: readonly Buffer[]) {
  for await (const { entry, body } of readTar(inPieces(Buffer.concat(parts), 512))) {
    return { entry, content: await collect(body) };
  }
  throw new Error("no member");
}

async function readWhole(...parts: readonly Buffer[]): Promise<void> {
  for await (const { body } of readTar(inPieces(Buffer.concat(parts)))) await collect(body);
}

const setType = (type: string) => (header: Buffer) => {
  header.write(type, fields.type.at, "latin1");
};

describe("forms that other writers use", () => {
  test("v7: no magic, a directory by its trailing slash", async () => {
    const header = block("etc/", (bytes) => bytes.fill(0, 257).fill(0, fields.type.at, 157));
    const { entry } = await readOne(header);
    expect(entry).toMatchObject({ path: "etc", type: "directory" });
  });

  test("GNU long name and long link", async () => {
    const link = block("short", (bytes) => {
      setType("2")(bytes);
      bytes.write("cut", fields.linkName.at);
    });
    const { entry } = await readOne(
      extension("L", Buffer.from(`${"n".repeat(120)}\0`)),
      extension("K", Buffer.from(`${"t/".repeat(80)}\0`)),
      link,
    );
    expect(entry.path).toBe("n".repeat(120));
    expect(entry.target).toBe("t/".repeat(80));
  });

  test("base-256 numbers, negative times, spaces instead of zeros", async () => {
    const { entry } = await readOne(
      block("a", (bytes) => {
        writeNumber(bytes, fields.uid, 4_000_000_000);
        writeNumber(bytes, fields.mtime, -5);
        bytes.write("   644 \0", fields.mode.at, "latin1");
        bytes.write("     12 ", fields.gid.at, "latin1");
      }),
    );
    expect(entry).toMatchObject({ uid: 4_000_000_000, mtime: -5, mode: 0o644, gid: 0o12 });
  });

  test("a star header has a shorter prefix", async () => {
    const header = block("name", (bytes) => {
      bytes.write("pre/fix", fields.prefix.at);
      bytes.write("tar\0", 508, "latin1");
      bytes.write("12345", 480, "latin1");
    });
    expect((await readOne(header)).entry.path).toBe("pre/fix/name");
  });

  test("a checksum over signed bytes counts", async () => {
    const header = block("\u00e9\u00e8");
    const sum = header.reduce((total, byte, at) => {
      const isChecksum = at >= 148 && at < 156;
      return total + (isChecksum ? 32 : byte > 127 ? byte - 256 : byte);
    }, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    expect((await readOne(header)).entry.path).toBe("\u00e9\u00e8");
  });

  test("xattrs as GNU tar and as bsdtar write them; the first counts over the second", async () => {
    const value = Buffer.from([1, 0, 0x0a, 0xff, 0x3d]);
    const { entry } = await readOne(
      pax(
        ["SCHILY.xattr.security.capability", value],
        ["LIBARCHIVE.xattr.security.capability", Buffer.from("other").toString("base64")],
        ["LIBARCHIVE.xattr.user.a%20b", Buffer.from("text").toString("base64")],
      ),
      block("a"),
    );
    expect(Buffer.from(entry.xattrs.get("security.capability") ?? []).equals(value)).toBe(true);
    expect(Buffer.from(entry.xattrs.get("user.a b") ?? []).toString()).toBe("text");
  });

  test("a global header with a comment is passed over", async () => {
    const global = extension("g", paxRecord("comment", "made by hand"));
    expect((await readOne(global, block("a"))).entry.path).toBe("a");
  });

  test("times keep their fraction", async () => {
    expect((await readOne(pax(["mtime", "1700000000.25"]), block("a"))).entry.mtime).toBe(
      1700000000.25,
    );
  });
});

describe("sparse files", () => {
  const stored = (type: string, size: number) => (header: Buffer) => {
    header.write(type, fields.type.at, "latin1");
    writeNumber(header, fields.size, size);
  };
  const data = Buffer.concat([Buffer.from("datamore"), Buffer.alloc(504)]);
  const expected = Buffer.concat([
    Buffer.alloc(10),
    Buffer.from("data"),
    Buffer.alloc(86),
    Buffer.from("more"),
    Buffer.alloc(96),
  ]);

  test("old GNU form", async () => {
    const header = block("s", (bytes) => {
      stored("S", 8)(bytes);
      bytes.write("ustar  \0", fields.magic.at, "latin1");
      for (const [index, number] of [10, 4, 100, 4].entries()) {
        writeNumber(bytes, { at: 386 + 12 * index, length: 12 }, number);
      }
      writeNumber(bytes, { at: 483, length: 12 }, 200);
    });
    const { entry, content } = await readOne(header, data);
    expect(entry.size).toBe(200);
    expect(content.equals(expected)).toBe(true);
  });

  test("PAX forms 0.0, 0.1 and 1.0", async () => {
    const zero = pax(
      ["GNU.sparse.size", "200"],
      ["GNU.sparse.numblocks", "2"],
      ["GNU.sparse.offset", "10"],
      ["GNU.sparse.numbytes", "4"],
      ["GNU.sparse.offset", "100"],
      ["GNU.sparse.numbytes", "4"],
    );
    const one = pax(["GNU.sparse.size", "200"], ["GNU.sparse.map", "10,4,100,4"]);
    for (const header of [zero, one]) {
      const { content } = await readOne(header, block("s", stored("0", 8)), data);
      expect(content.equals(expected)).toBe(true);
    }
    const map = Buffer.concat([Buffer.from("2\n10\n4\n100\n4\n"), Buffer.alloc(499)]);
    const { entry, content } = await readOne(
      pax(
        ["GNU.sparse.major", "1"],
        ["GNU.sparse.minor", "0"],
        ["GNU.sparse.name", "real/name"],
        ["GNU.sparse.realsize", "200"],
      ),
      block("GNUSparseFile.0/name", stored("0", 520)),
      map,
      data,
    );
    expect(entry.path).toBe("real/name");
    expect(content.equals(expected)).toBe(true);
  });

  test.each([
    ["overlap", "10,4,12,4"],
    ["beyond the end", "10,4,199,4"],
    ["more data than parts", "10,4"],
    ["less data than parts", "10,4,100,40"],
    ["odd count", "10,4,100"],
    ["no numbers", "a,b"],
  ])("a map with %s is refused", async (_, map) => {
    const header = pax(["GNU.sparse.size", "200"], ["GNU.sparse.map", map]);
    await expectFault("TAR_INVALID", () => readWhole(header, block("s", stored("0", 8)), data));
  });

  test("holes are limited", async () => {
    const header = pax(["GNU.sparse.size", "9000000000000"], ["GNU.sparse.map", "0,8"]);
    await expectFault("LIMIT_EXCEEDED", () => readWhole(header, block("s", stored("0", 8)), data));
  });
});

describe("what readers disagree about is refused", () => {
  const withSize = (type: string) => (header: Buffer) => {
    setType(type)(header);
    writeNumber(header, fields.size, 512);
    header.write("t", fields.linkName.at);
  };

  test.each([
    ["a wrong checksum", [block("a").fill(1, 0, 1)]],
    ["an unknown type", [block("a", setType("Z"))]],
    ["a file with a trailing slash", [block("a/")]],
    ["a directory with content", [block("a", withSize("5")), Buffer.alloc(512)]],
    ["a symbolic link with content", [block("a", withSize("2")), Buffer.alloc(512)]],
    ["a symbolic link to nothing", [block("a", setType("2"))]],
    ["letters in a number", [block("a", (bytes) => bytes.write("12x", fields.uid.at))]],
    ["a negative size", [block("a", (bytes) => writeNumber(bytes, fields.size, -1))]],
    ["a negative owner", [block("a", (bytes) => writeNumber(bytes, fields.uid, -1))]],
    ["the owner that chown takes for none", [pax(["uid", "4294967295"]), block("a")]],
    ["a size that is no number", [pax(["size", "-1"]), block("a")]],
    ["a record without its newline", [extension("x", Buffer.from("9 path=ab")), block("a")]],
    ["a record of length 0", [extension("x", Buffer.from("0 path=ab\n")), block("a")]],
    ["a record without a key", [extension("x", Buffer.from("5 =ab\n")), block("a")]],
    ["two names", [pax(["path", "b"]), extension("L", Buffer.from("c\0")), block("a")]],
    ["a name with a NUL", [pax(["path", "b\0c"]), block("a")]],
    ["an owner for all members", [extension("g", paxRecord("uid", "0")), block("a")]],
    ["an extension without a member", [pax(["path", "b"]), Buffer.alloc(1024)]],
    ["an extension at the end", [pax(["path", "b"])]],
    ["a member behind a lone zero block", [Buffer.alloc(blockSize), block("a")]],
  ])("%s", async (_, parts) => {
    await expectFault("TAR_INVALID", () => readWhole(...parts));
  });
});
