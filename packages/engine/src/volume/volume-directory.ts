import { randomBytes } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@lithify/fault";
import { diffTrees, type TarInput, type Tree, treeFromTar, writeTar } from "@lithify/oci";
import {
  fileContent,
  type OpenVolume,
  openVolume,
  parseVolumeSeal,
  refuseChanges,
  type VolumeCheck,
  type VolumeSeal,
  volumeSealBytes,
  volumeSealLimit,
  writeVolume,
} from "@lithify/seal";
import { findProgram } from "../host/program.ts";
import { archiveOf, extractInto } from "../host/tar-program.ts";

const treeName = "tree";
const sealName = "seal.json";

/** What was found in the directory form of a volume. It is as sealed when nothing differs. */
export type DirectoryCheck = Pick<VolumeCheck, "seal" | "sealed" | "changes">;

/**
 * Writes the protected trees of an image as a plain directory: `tree` with modes, owners and attributes as sealed, and
 * `seal.json` beside it. There is all of it or nothing; an empty directory of that name is replaced. What was written is
 * compared with its seal before it gets its name. Throws Fault NOT_ROOT, VOLUME_UNWRITABLE, and what writeVolume throws.
 */
export async function writeVolumeDirectory(
  directory: string,
  from: Parameters<typeof writeVolume>[1],
  env: NodeJS.ProcessEnv = process.env,
): Promise<VolumeSeal> {
  if (process.getuid?.() !== 0) throw new Fault("NOT_ROOT", "the directory form of a volume");
  const tar = findProgram(env, "tar");
  await refuseContent(directory);
  const temporary = `${directory}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await mkdir(temporary, { mode: 0o700 });
    const file = join(temporary, "volume");
    const { seal } = await writeVolume(file, from);
    await unpackVolume(tar, file, temporary);
    await rm(file);
    await writeFile(join(temporary, sealName), volumeSealBytes(seal), { mode: 0o644 });
    refuseChanges(
      { ...(await checkVolumeDirectory(temporary, {}, env)), damagedBlocks: [] },
      directory,
    );
    await chmod(temporary, 0o755);
    await rename(temporary, directory);
    return seal;
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    if (cause instanceof Fault || !(cause instanceof Error) || !("syscall" in cause)) throw cause;
    const values = { path: directory };
    throw new Fault("VOLUME_UNWRITABLE", "write a volume", { why: cause.message, values, cause });
  }
}

/**
 * Compares a volume's directory with its seal: every object, contents hashed. `expected` is the Merkle root that it must
 * have, in hexadecimal. Throws Fault VOLUME_INVALID where the seal is missing, malformed, or has another root.
 */
export async function checkVolumeDirectory(
  directory: string,
  options: { readonly expected?: string } = {},
  env: NodeJS.ProcessEnv = process.env,
): Promise<DirectoryCheck> {
  const { seal, tree: sealed } = await readSeal(join(directory, sealName), options.expected);
  const at = join(directory, treeName);
  if (!(await stat(at).catch(() => undefined))?.isDirectory()) {
    throw invalid("it has no directory named tree", directory);
  }
  const found = await treeFromTar(archiveOf(findProgram(env, "tar"), at));
  return { seal, sealed, changes: diffTrees(sealed, found) };
}

/** The seal of a directory. Throws Fault VOLUME_INVALID. */
export async function readSeal(
  path: string,
  expected?: string,
): Promise<{ readonly seal: VolumeSeal; readonly tree: Tree }> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw invalid("it has no seal.json", path);
  if (found.size > volumeSealLimit) throw invalid("its seal is larger than 512 MiB", path);
  const parsed = parseVolumeSeal(await readFile(path));
  if (expected === undefined || parsed.seal.root === `sha256:${expected}`) return parsed;
  throw invalid(`its Merkle root is another one than ${expected}`, path);
}

async function unpackVolume(tar: string, file: string, directory: string): Promise<void> {
  const volume = await openVolume(file);
  try {
    const target = join(directory, treeName);
    await mkdir(target);
    await extractInto(tar, target, writeTar(membersOf(volume)));
  } finally {
    await volume.close();
  }
}

function* membersOf({ sealed, layout, disk }: OpenVolume): Generator<TarInput> {
  for (const node of sealed) {
    const { type, mode, uid, gid, size, mtime, target, device, xattrs } = node;
    const path = node.path.slice(1);
    const first = type === "directory" ? node.path : (sealed.linksOf(node)[0] ?? node.path);
    const attributes = { path, mode, uid, gid, mtime, xattrs };
    if (first !== node.path) {
      yield { entry: { ...attributes, type: "hardlink", size: 0, target: first.slice(1) } };
      continue;
    }
    const extent = layout.contents.get(node.path);
    yield {
      entry: {
        ...{ ...attributes, type, size },
        ...(target === undefined ? {} : { target }),
        ...(device === undefined ? {} : { device }),
      },
      ...(extent === undefined ? {} : { body: fileContent(disk, extent) }),
    };
  }
}

async function refuseContent(directory: string): Promise<void> {
  const names = await readdir(directory).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return [];
    throw new Fault("VOLUME_UNWRITABLE", "write a volume", {
      why: cause.message,
      values: { path: directory },
      cause,
    });
  });
  if (names.length === 0) return;
  throw new Fault("VOLUME_UNWRITABLE", "write a volume", {
    why: "the directory is not empty",
    values: { path: directory },
    hint: "Name a new directory, or remove this one first.",
  });
}

function invalid(why: string, path: string): Fault {
  return new Fault("VOLUME_INVALID", "a read-only volume", { why, values: { path } });
}
