import { open } from "node:fs/promises";
import { Fault } from "@lithify/fault";
import { resolveIn } from "../context/resolve.ts";
import type { Source } from "../context/source.ts";
import { type ReadAt, readElf } from "./elf.ts";

/** Where glibc's loader looks without configuration, `TRIPLET` standing for the machine's name. */
const searchPath = ["lib/TRIPLET", "usr/lib/TRIPLET", "lib64", "usr/lib64", "lib", "usr/lib"];

const triplets: Readonly<Record<string, string>> = {
  x64: "x86_64-linux-gnu",
  arm64: "aarch64-linux-gnu",
};

/**
 * Makes sure that a program will start in an image: the loader it asks for is there, and every library that it
 * and its libraries need.
 * @throws Fault BASE_INCOMPLETE naming what is missing
 */
export async function checkLibraries(program: string, image: Source): Promise<void> {
  const handle = await open(program, "r");
  try {
    const read: ReadAt = async (offset, length) => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    };
    const { interpreter, needed } = await readElf(read, program);
    if (interpreter !== undefined && (await findFile(image, interpreter)) === undefined)
      throw missing(interpreter, program);
    await checkAll(needed, program, image);
  } finally {
    await handle.close();
  }
}

async function checkAll(needed: readonly string[], program: string, image: Source): Promise<void> {
  const seen = new Set<string>();
  let wave: readonly { name: string; by: string }[] = needed.map((name) => ({ name, by: program }));
  while (wave.length > 0) {
    const found = new Map<string, string>();
    for (const { name, by } of wave) {
      if (seen.has(name)) continue;
      seen.add(name);
      const path = await findLibrary(image, name);
      if (path === undefined) throw missing(name, by);
      found.set(path, name);
    }
    wave = await neededBy(found, image);
  }
}

async function neededBy(
  libraries: ReadonlyMap<string, string>,
  image: Source,
): Promise<readonly { name: string; by: string }[]> {
  const nodes = await Promise.all([...libraries.keys()].map((path) => image.at(path)));
  const contents = await image.contents(nodes.filter((node) => node !== undefined));
  const next: { name: string; by: string }[] = [];
  for (const [path, by] of libraries) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of contents.get(path)?.open() ?? []) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const read: ReadAt = async (offset, length) => bytes.subarray(offset, offset + length);
    for (const name of (await readElf(read, by)).needed) next.push({ name, by });
  }
  return next;
}

async function findLibrary(image: Source, name: string): Promise<string | undefined> {
  const triplet = triplets[process.arch] ?? "";
  for (const directory of searchPath) {
    const found = await findFile(image, `${directory.replace("TRIPLET", triplet)}/${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function findFile(image: Source, path: string): Promise<string | undefined> {
  const real = await resolveIn(path, (at) => image.at(at));
  return (await image.at(real))?.type === "file" ? real : undefined;
}

function missing(name: string, by: string): Fault {
  return new Fault("BASE_INCOMPLETE", `the library ${name}`, {
    why: `${by} needs it, and none of the packages has it`,
  });
}
