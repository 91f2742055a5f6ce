import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  decodeName,
  hexOf,
  type Layer,
  readTar,
  type Store,
  type TarEntry,
  writeTar,
} from "@lithify/oci";
import { diskFault } from "../host/disk-fault.ts";
import type { Programs } from "../host/program.ts";
import { archiveOf, extractInto } from "../host/tar-program.ts";
import { mountOverlay, unmountBelow } from "./overlay.ts";
import { type LowerTree, overlayFromLayer, type TarMember } from "./overlay-form.ts";
import { lstatInside } from "./rooted-path.ts";

/** A layer on disk, as overlayfs takes it. */
export interface UnpackedLayer {
  readonly directory: string;
  /** Whether the archive says how the root directory is; otherwise lower layers do. */
  readonly setsRoot: boolean;
}

/**
 * Unpacks the layers of an image (lowest first), each once: they are kept in the store's cache. Concurrent processes
 * may do the same; the first to finish wins. The cache is dropped at a restart of the machine, because what was not
 * on disk by then may be incomplete. Throws what reading a layer throws, LAYER_UNSAFE, UNPACK_FAILED, DISK_FULL.
 */
export async function unpackLayers(
  store: Pick<Store, "cacheDirectory">,
  programs: Programs,
  layers: readonly Layer[],
): Promise<readonly UnpackedLayer[]> {
  const cache = await currentCache(store.cacheDirectory("unpacked"));
  const unpacked: UnpackedLayer[] = [];
  let chain = "";
  for (const layer of layers) {
    chain = createHash("sha256").update(`${chain} ${layer.diffId}`).digest("hex");
    const alone = join(cache, hexOf(layer.diffId));
    const above = join(cache, `${chain}-chain`);
    const known = [alone, above].find((path) => existsSync(path));
    const place = known ?? (await unpack(programs, cache, { layer, alone, above }, unpacked));
    unpacked.push({ directory: join(place, "fs"), setsRoot: existsSync(join(place, "root")) });
  }
  return unpacked;
}

/** Whether any of the layers has something at exactly this path that its upper layers do not hide. */
export async function isInLayers(layers: readonly UnpackedLayer[], path: string): Promise<boolean> {
  for (const { directory } of layers.toReversed()) {
    const found = await lstatInside(directory, path);
    if (found !== undefined) return !(found.isCharacterDevice() && found.rdev === 0);
  }
  return false;
}

/** Unpacks under a temporary name. A layer that depends on what is below it is kept for this chain of layers only. */
async function unpack(
  programs: Programs,
  cache: string,
  wanted: { readonly layer: Layer; readonly alone: string; readonly above: string },
  lower: readonly UnpackedLayer[],
): Promise<string> {
  const temporary = join(cache, `.${process.pid}-${randomBytes(6).toString("hex")}`);
  const below = new MountedLayers(programs, temporary, lower);
  try {
    await mkdir(join(temporary, "fs"), { recursive: true, mode: 0o755 });
    const root: { entry?: TarEntry } = {};
    const members = notingRoot(readTar(wanted.layer.uncompressed()), root);
    const bytes = writeTar(overlayFromLayer(members, below));
    await extractInto(programs.tar, join(temporary, "fs"), bytes);
    await below.close();
    if (root.entry !== undefined) await writeFile(join(temporary, "root"), "");
    return await publish(temporary, below.wasAsked ? wanted.above : wanted.alone);
  } catch (cause) {
    throw diskFault(cause, "unpack a layer");
  } finally {
    await below.close();
    await rm(temporary, { recursive: true, force: true });
  }
}

async function publish(temporary: string, place: string): Promise<string> {
  try {
    await rename(temporary, place);
  } catch (cause) {
    if (!existsSync(place)) throw cause; // otherwise another process was first
  }
  return place;
}

async function* notingRoot(
  members: AsyncIterable<TarMember>,
  root: { entry?: TarEntry },
): AsyncGenerator<TarMember> {
  for await (const member of members) {
    if (member.entry.path === "") root.entry = member.entry;
    yield member;
  }
}

/** The lower layers, merged by the kernel, mounted when the first question comes. */
class MountedLayers implements LowerTree {
  readonly #programs: Programs;
  readonly #directory: string;
  readonly #layers: readonly UnpackedLayer[];
  readonly #open: AsyncGenerator<TarMember>[] = [];
  #mounted = false;
  wasAsked = false;

  constructor(programs: Programs, directory: string, layers: readonly UnpackedLayer[]) {
    this.#programs = programs;
    this.#directory = directory;
    this.#layers = layers;
  }

  async read(path: string): Promise<TarMember | undefined> {
    this.wasAsked = true;
    if (this.#layers.length === 0) return undefined;
    const target = join(this.#directory, "below");
    if (!this.#mounted) await this.#mount(target);
    if ((await lstatInside(target, path)) === undefined) return undefined;
    const members = readTar(archiveOf(this.#programs.tar, target, path));
    this.#open.push(members);
    return (await members.next()).value;
  }

  async topNames(): Promise<readonly string[]> {
    this.wasAsked = true;
    if (this.#layers.length === 0) return [];
    const target = join(this.#directory, "below");
    if (!this.#mounted) await this.#mount(target);
    return (await readdir(target, { encoding: "buffer" })).map((name) => decodeName(name));
  }

  async close(): Promise<void> {
    for (const members of this.#open.splice(0)) await members.return(undefined);
    if (this.#mounted) await unmountBelow(this.#programs, join(this.#directory, "below"));
    this.#mounted = false;
  }

  async #mount(target: string): Promise<void> {
    const [names, empty] = [join(this.#directory, "names"), join(this.#directory, "empty")];
    await Promise.all([mkdir(names), mkdir(empty)]);
    const lower = [empty, ...this.#layers.map((layer) => layer.directory)];
    await mountOverlay(this.#programs, { lower, target, names });
    this.#mounted = true;
  }
}

/** The cache of this run of the machine; those of earlier runs are removed. */
async function currentCache(directory: string): Promise<string> {
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const current = join(directory, boot);
  await mkdir(current, { recursive: true, mode: 0o700 });
  for (const name of await readdir(directory))
    if (name !== boot) await rm(join(directory, name), { recursive: true, force: true });
  return current;
}
