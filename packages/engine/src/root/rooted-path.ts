import { constants, type Stats } from "node:fs";
import { chmod, lstat, mkdir, open, readlink, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Fault } from "@lithify/fault";
import { encodeName } from "@lithify/oci";

/** Where a path of a container leads on the host: every link is followed inside `root` and none leads out. */
export interface RootedPath {
  /** The path on the host; nothing on the way to its parent is a link. */
  readonly host: string;
  /** The same as the container sees it. */
  readonly inside: string;
  readonly exists: boolean;
}

const maximumLinks = 40;

/** Follows a path inside a root that nobody changes meanwhile. Throws Fault MOUNT_INVALID for a loop or a file as directory. */
export async function followInRoot(root: string, path: string): Promise<RootedPath> {
  let pending = path.split("/").filter((part) => part !== "" && part !== ".");
  let done: string[] = [];
  let links = 0;
  let exists = true;
  while (pending.length > 0) {
    const [part = "", ...rest] = pending;
    pending = rest;
    if (part === "..") {
      done = done.slice(0, -1);
      continue;
    }
    const found = await lstatOrMissing(join(root, ...done, part));
    exists = found !== undefined;
    if (found?.isSymbolicLink()) {
      links += 1;
      if (links > maximumLinks) throw refuse(path, "more than 40 symbolic links");
      const target = await readlink(join(root, ...done, part));
      if (target.startsWith("/")) done = [];
      pending = [...target.split("/").filter((name) => name !== "" && name !== "."), ...pending];
    } else {
      if (found !== undefined && pending.length > 0 && !found.isDirectory())
        throw refuse(path, `/${[...done, part].join("/")} is not a directory`);
      done = [...done, part];
    }
  }
  return { host: join(root, ...done), inside: `/${done.join("/")}`, exists };
}

/** The text of a small file of a container (/etc/passwd), or "" when it is not there. Throws Fault MOUNT_INVALID above `limit` bytes. */
export async function readInRoot(root: string, path: string, limit = 1 << 20): Promise<string> {
  const { host, exists } = await followInRoot(root, path);
  if (!exists) return "";
  const file = await open(host, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    const found = await file.stat();
    if (!found.isFile()) return "";
    if (found.size > limit) throw refuse(path, `larger than ${limit} bytes`);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

/**
 * Makes what a mount needs to be mounted on, and the directories above it, root-owned 0755, and leaves the
 * times of directories that were there as they were. Resolves to the paths it made, parents first.
 */
export async function makeMountPoint(
  root: string,
  path: string,
  kind: "directory" | "file",
): Promise<readonly string[]> {
  const target = await followInRoot(root, path);
  if (target.exists) {
    const isDirectory = (await lstat(target.host)).isDirectory();
    if (isDirectory === (kind === "directory")) return [];
    throw refuse(path, `it must be a ${kind}`);
  }
  const parts = target.inside.split("/").slice(1);
  const made: string[] = [];
  for (const [index] of parts.entries()) {
    const inside = `/${parts.slice(0, index + 1).join("/")}`;
    if (await lstatOrMissing(join(root, inside))) continue;
    await makeOne(join(root, inside), index === parts.length - 1 ? kind : "directory");
    made.push(inside);
  }
  return made;
}

/** Modes are set apart, whatever the umask is. */
async function makeOne(path: string, kind: "directory" | "file"): Promise<void> {
  const parent = dirname(path);
  const { atime, mtime } = await stat(parent);
  if (kind === "file") await writeFile(path, "", { flag: "wx" });
  else await mkdir(path);
  await chmod(path, kind === "file" ? 0o644 : 0o755);
  await utimes(parent, atime, mtime);
}

/** The object at exactly this path below a directory: no link is followed, so nothing outside is ever seen. */
export async function lstatInside(root: string, path: string): Promise<Stats | undefined> {
  const names = path.split("/").filter((name) => name !== "");
  for (const [index] of names.entries()) {
    const found = await lstatOrMissing(encodeName(join(root, ...names.slice(0, index + 1))));
    if (found === undefined || index === names.length - 1) return found;
    if (!found.isDirectory()) return undefined;
  }
  return lstat(root);
}

async function lstatOrMissing(path: string | Buffer): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw cause;
  }
}

function refuse(path: string, why: string): Fault {
  return new Fault("MOUNT_INVALID", "a path in the container", { why, values: { path } });
}
