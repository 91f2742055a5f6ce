import { readFileSync } from "node:fs";
import { decodeFileCapabilities } from "../packages/seal/src/access/file-capability.ts";
import { contentWatch } from "../packages/seal/src/contents/content-watch.ts";
import type { Target } from "./target.ts";

/** Readers of what an audit looks at in files. They give a note or a reason, and throw nothing at all. */
export const contentTargets: readonly Target[] = [
  {
    name: "elf",
    corpus: async () => [readFileSync("/bin/true")],
    parse: (bytes) => noted("usr/bin/program", bytes),
  },
  {
    name: "loader-cache",
    corpus: async () => [cache()],
    parse: (bytes) => noted("etc/ld.so.cache", bytes),
  },
  {
    name: "file-capability",
    corpus: async () => [Buffer.from("0100000200200000000000000000000000000000", "hex")],
    parse: (bytes) => decodeFileCapabilities(bytes),
  },
];

function noted(path: string, bytes: Buffer): void {
  const entry = { path, type: "file", mode: 0o755, uid: 0, gid: 0, mtime: 1 } as const;
  const sink = contentWatch.watch({ ...entry, size: bytes.length, xattrs: new Map() });
  for (let at = 0; at < bytes.length; at += 4096) sink?.push(bytes.subarray(at, at + 4096));
  const note = sink?.end();
  if (note !== undefined) JSON.parse(note);
}

/** The header of glibc's own form (dl-cache.h), one library, its names. */
function cache(): Buffer {
  const head = Buffer.alloc(48 + 24);
  head.write("glibc-ld.so.cache1.1", "latin1");
  head.writeUInt32LE(1, 20);
  head.writeUInt32LE(14, 24);
  head.writeInt32LE(1, 48);
  head.writeUInt32LE(72, 52);
  head.writeUInt32LE(80, 56);
  return Buffer.concat([head, Buffer.from("liba.so\0/lib/liba.so\0")]);
}
