import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hexOf, type Layer, readTar, type Store, type TarEntry } from "@lithify/oci";

/** Part of every list: changes when what is written down of an entry changes. */
const listVersion = 1;

/**
 * The entries of a layer, without contents. Read once from the archive, which costs a decompression, then from a
 * list in the store's cache directory; a list that does not match its own digest is read from the archive again.
 */
export async function entriesOf(store: Store, layer: Layer): Promise<readonly TarEntry[]> {
  const file = join(store.cacheDirectory("build"), "entries", `${hexOf(layer.diffId)}.json`);
  const known = await readList(file);
  if (known !== undefined) return known;
  const entries: TarEntry[] = [];
  for await (const { entry } of readTar(layer.uncompressed())) entries.push(entry);
  await writeList(file, entries);
  return entries;
}

async function readList(file: string): Promise<readonly TarEntry[] | undefined> {
  try {
    const text = await readFile(file, "utf8");
    const end = text.indexOf("\n");
    const body = text.slice(end + 1);
    if (text.slice(0, end) !== digestOf(body)) return undefined;
    return (JSON.parse(body) as WrittenEntry[]).map(({ xattrs, ...entry }) => ({
      ...entry,
      xattrs: new Map(xattrs.map(([name, value]) => [name, Buffer.from(value, "base64")])),
    }));
  } catch {
    return undefined;
  }
}

type WrittenEntry = Omit<TarEntry, "xattrs"> & { readonly xattrs: readonly [string, string][] };

/** Best effort: without the list the next build reads the archive. */
async function writeList(file: string, entries: readonly TarEntry[]): Promise<void> {
  const written: WrittenEntry[] = entries.map(({ xattrs, ...entry }) => ({
    ...entry,
    xattrs: [...xattrs].map(([name, value]) => [name, Buffer.from(value).toString("base64")]),
  }));
  const body = JSON.stringify(written);
  const temporary = `${file}.${randomUUID()}`;
  try {
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(temporary, `${digestOf(body)}\n${body}`);
    await rename(temporary, file);
  } catch {
    await rm(temporary, { force: true }).catch(() => {});
  }
}

function digestOf(body: string): string {
  return createHash("sha256").update(`${listVersion}\n${body}`).digest("hex");
}
