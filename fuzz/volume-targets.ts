import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore, type TarEntry, writeTar } from "@lithify/oci";
import { checkVolume, parsePolicy, parseVolumeSeal, writeVolume } from "@lithify/seal";
import type { Target } from "./target.ts";

/** Readers of read-only volumes: what does not change the hash tree itself reaches the file system and the seal. */
export const volumeTargets: readonly Target[] = [
  {
    name: "volume",
    corpus: async () => [await volume()],
    async parse(bytes) {
      const directory = mkdtempSync(join(tmpdir(), "lithify-fuzz-"));
      try {
        const path = join(directory, "volume");
        writeFileSync(path, bytes);
        await checkVolume(path);
      } finally {
        rmSync(directory, { recursive: true });
      }
    },
  },
  {
    name: "volume-seal",
    corpus: async () => [sealIn(await volume())],
    parse: (bytes) => parseVolumeSeal(bytes),
  },
];

/** The canonical JSON between the file system and the hash tree. */
function sealIn(bytes: Buffer): Buffer {
  const header = bytes.indexOf("lithify volume 1");
  const start = header + 4096;
  return bytes.subarray(start, start + Number(bytes.readBigUInt64LE(header + 16)));
}

let made: Promise<Buffer> | undefined;

function volume(): Promise<Buffer> {
  made ??= makeVolume();
  return made;
}

async function makeVolume(): Promise<Buffer> {
  const directory = mkdtempSync(join(tmpdir(), "lithify-fuzz-"));
  try {
    const store = await openStore(join(directory, "store"));
    const plain = { mode: 0o664, uid: 0, gid: 0, size: 0, mtime: 1, xattrs: new Map() };
    const file = (path: string, body: Buffer) => ({
      entry: { ...plain, path, type: "file", size: body.length } as TarEntry,
      body,
    });
    const inputs = [
      file("srv/a", Buffer.from("short")),
      file("srv/b", Buffer.alloc(5000, "long ")),
      { entry: { ...plain, path: "srv/c", type: "symlink", target: "a" } as TarEntry },
      { entry: { ...plain, path: "srv/d", type: "hardlink", target: "srv/a" } as TarEntry },
    ];
    const layer = await store.writeLayer(writeTar(inputs));
    const config = { architecture: "amd64", os: "linux", config: { User: "1000" } };
    const image = await store.writeImage({ config, layers: [layer] });
    const policy = await parsePolicy("version: 1\nprofile: generic\n", "lithify.yaml");
    const path = join(directory, "volume");
    await writeVolume(path, { store, image, policy, paths: ["/srv"] });
    return await readFile(path);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
