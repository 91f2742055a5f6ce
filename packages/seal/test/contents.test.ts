import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeFileCapabilities } from "../src/access/file-capability.ts";
import { type Content, contentWatch, heldBytes, textBytes } from "../src/contents/content-watch.ts";
import { type BytesAt, MalformedElf, parseElf } from "../src/contents/elf.ts";
import { parseLoaderCache } from "../src/contents/loader-cache.ts";
import { commandsOf } from "../src/start/commands.ts";
import { pathsIn } from "../src/start/runtimes.ts";

/** Notes what the watch says of a content that comes in pieces of this size. */
function noted(
  path: string,
  bytes: Buffer,
  piece = 4096,
  size = bytes.length,
): Content | undefined {
  const common = {
    type: "file",
    mode: 0o755,
    uid: 0,
    gid: 0,
    mtime: 1,
    xattrs: new Map(),
  } as const;
  const sink = contentWatch.watch({ ...common, path, size });
  for (let at = 0; at < bytes.length; at += piece) {
    const part = Buffer.from(bytes.subarray(at, at + piece));
    sink?.push(part);
    // A piece is valid during the call alone
    part.fill(0xaa);
  }
  const note = sink?.end();
  return note === undefined ? undefined : (JSON.parse(note) as Content);
}

/** A small dynamic ELF file of 64 bits: header, three segments, dynamic table, strings. */
function elf(parts: { readonly needed: readonly string[]; readonly runpath: string }): Buffer {
  const strings = Buffer.from(`\0${[...parts.needed, parts.runpath, "/lib/ld.so"].join("\0")}\0`);
  const at = (text: string) => BigInt(strings.indexOf(`\0${text}\0`) + 1);
  const tags: [bigint, bigint][] = [
    ...parts.needed.map((name): [bigint, bigint] => [1n, at(name)]),
    [5n, 0x400_000n + 1024n],
    [29n, at(parts.runpath)],
    [0n, 0n],
  ];
  const bytes = Buffer.alloc(1024 + strings.length);
  bytes.write("\x7fELF\x02\x01\x01", "latin1");
  bytes.writeUInt16LE(62, 18);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(3, 56);
  const loader = 1024 + strings.indexOf("/lib/ld.so");
  const segments: [number, number, number][] = [
    [1, 0, bytes.length],
    [2, 512, tags.length * 16],
    [3, loader, 11],
  ];
  segments.forEach(([type, offset, size], index) => {
    const start = 64 + index * 56;
    bytes.writeUInt32LE(type, start);
    bytes.writeBigUInt64LE(BigInt(offset), start + 8);
    bytes.writeBigUInt64LE(BigInt(0x400_000 + offset), start + 16);
    bytes.writeBigUInt64LE(BigInt(size), start + 32);
  });
  tags.forEach(([tag, value], index) => {
    bytes.writeBigUInt64LE(tag, 512 + index * 16);
    bytes.writeBigUInt64LE(value, 520 + index * 16);
  });
  strings.copy(bytes, 1024);
  return bytes;
}

const small = elf({ needed: ["liba.so.1", "libb.so.2"], runpath: "$ORIGIN/../lib" });

describe("programs", () => {
  test.each([1, 7, 100, 4096])("an ELF file in pieces of %i bytes", (piece) => {
    expect(noted("usr/bin/x", small, piece)).toEqual({
      elf: {
        bits: 64,
        machine: 62,
        loader: "/lib/ld.so",
        needed: ["liba.so.1", "libb.so.2"],
        runpath: "$ORIGIN/../lib",
      },
    });
  });

  test("cut anywhere it is malformed or plain, never wrong", () => {
    const whole = noted("x", small)?.elf;
    for (let length = 0; length < small.length; length++) {
      const content = noted("x", small.subarray(0, length), 4096, small.length);
      if (length < 4) expect(content).toBeUndefined();
      else if (content?.elf !== undefined) expect(content.elf).toEqual(whole);
      else expect(content?.trouble).toContain("malformed ELF");
    }
  });

  test("with any byte changed it is read or malformed, in bounded time", () => {
    fc.assert(
      fc.property(fc.nat(small.length - 1), fc.nat(255), (at, value) => {
        const changed = Buffer.from(small);
        changed[at] = value;
        const content = noted("x", changed);
        expect(content === undefined || content.elf || content.trouble).toBeTruthy();
      }),
      { numRuns: 2000 },
    );
  });

  test("random bytes behind the magic number", () => {
    const random = fc.uint8Array({ maxLength: 600 });
    fc.assert(
      fc.property(random, fc.constantFrom(1, 2), fc.constantFrom(1, 2), (tail, bits, order) => {
        const bytes = Buffer.from([0x7f, 0x45, 0x4c, 0x46, bits, order, ...tail]);
        const at: BytesAt = (offset, length) =>
          offset + length <= bytes.length ? bytes.subarray(offset, offset + length) : undefined;
        try {
          expect(parseElf(at).needed).toBeInstanceOf(Array);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedElf);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("the dynamic segment of a large file is found behind what is held; strings there are not", () => {
    const size = heldBytes + 3 * 1024 * 1024;
    const large = Buffer.alloc(size);
    small.copy(large);
    const away = size - 4096;
    small.copy(large, away, 512, 1024);
    large.writeBigUInt64LE(BigInt(away), 64 + 56 + 8);
    expect(noted("x", large, 256 * 1024)?.elf?.needed).toEqual(["liba.so.1", "libb.so.2"]);
    const strings = heldBytes + 1024 * 1024;
    small.copy(large, strings, 1024);
    large.writeBigUInt64LE(BigInt(size), 64 + 32);
    large.writeBigUInt64LE(BigInt(0x400_000 + strings), away + 2 * 16 + 8);
    expect(noted("x", large, 256 * 1024)?.trouble).toContain("outside what is read");
  });

  test.each([
    ["#!/bin/sh\nexit", "/bin/sh"],
    ["#! /usr/bin/env -S node --x\r\n", " /usr/bin/env -S node --x\r"],
    [`#!/bin/${"x".repeat(400)}`, `/bin/${"x".repeat(249)}`],
    ["#!", undefined],
    ["# !", undefined],
  ])("script %j", (text, line) => {
    expect(noted("x", Buffer.from(text), 1)?.script).toBe(line);
  });

  test("texts that decide, without the hashes of groups", () => {
    expect(noted("etc/gshadow", Buffer.from("a:!::\nb:$6$x:root:b\nc::\n"))?.text).toBe(
      "a:!::\nb:set:root:b\nc::\n",
    );
    expect(noted("etc/passwd", Buffer.alloc(3), 3, textBytes + 1)?.trouble).toContain("larger");
    expect(noted("etc/ld.so.cache", Buffer.from("rubbish"))?.trouble).toContain("loader cache");
  });
});

describe("malformed", () => {
  test("loader caches", () => {
    const magic = Buffer.from("glibc-ld.so.cache1.1");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
        const found = parseLoaderCache(Buffer.concat([magic, tail]));
        expect(found === undefined || found instanceof Map).toBe(true);
      }),
    );
  });

  test("file capabilities", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
        const { answer } = decodeFileCapabilities(bytes);
        const fits = { 1: 12, 2: 20, 3: 24 }[bytes[3] ?? 0] === bytes.length;
        expect(answer).toBe(fits ? "capabilities" : "malformed");
      }),
    );
    const decoded = decodeFileCapabilities(
      Buffer.from("0100000302000000000000000100000000000000e8030000", "hex"),
    );
    expect(decoded).toEqual({
      answer: "capabilities",
      value: {
        permitted: ["CAP_DAC_OVERRIDE", "CAP_MAC_OVERRIDE"],
        inheritable: [],
        effective: true,
        rootUid: 1000,
      },
    });
  });
});

test.each([
  ["exec node server.js", [["node", "server.js"]]],
  ["A=1 B=2 /bin/x -y && (cd /srv; ./run) || exit 1 # no", "x|cd|run|exit"],
  ['if [ -f /x ]; then "/opt/a b" c; fi', "fi"],
  ["$PROGRAM --x", []],
  ["", []],
])("commands in a shell's text: %s", (text, expected) => {
  const found = commandsOf(text);
  if (typeof expected !== "string") expect(found).toEqual(expected);
  else for (const name of expected.split("|")) expect(JSON.stringify(found)).toContain(name);
});

test("paths in options", () => {
  expect(
    pathsIn("--require /a.js --import=./b.mjs -javaagent:/c.jar=x @/d -I/e:/f --max=5 g/h"),
  ).toEqual(["/a.js", "./b.mjs", "/c.jar", "/d", "/e", "/f"]);
});

test("this test's own runtime is an ELF file", () => {
  const bytes = readFileSync(process.execPath).subarray(0, heldBytes);
  expect(noted("bin/node", bytes, 256 * 1024)).toBeDefined();
});
