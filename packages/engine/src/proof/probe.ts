// This program runs inside containers, brought along with its own Node: it imports nothing but Node.
import { spawnSync } from "node:child_process";
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, relative } from "node:path";

/** One thing to try: harmless probes of seal's Operation; real changes, put back unless `keep`; `run` of a program of ours. */
interface ProbeRequest {
  readonly operation: string;
  readonly path: string;
  readonly keep?: boolean;
}

/** What came of it: `allowed`, `denied` (EACCES, EPERM, EROFS), or `inconclusive` with the reason. */
interface ProbeAnswer {
  readonly observed: "allowed" | "denied" | "inconclusive";
  readonly errno?: string;
  /** Why it says nothing, or what could not be put back. */
  readonly why?: string;
  /** What a program wrote, in base64. */
  readonly output?: string;
}

type Bytes = Buffer;

const denials = new Set(["EACCES", "EPERM", "EROFS"]);

const reasons: Readonly<Record<string, string>> = {
  EBUSY: "something is mounted on it",
  ENOSPC: "the file system is full",
  ENOSYS: "the kernel or the system-call filter does not have this call",
  EOPNOTSUPP: "the file system does not have this operation",
  ENOENT: "the object is not there at run time",
  ETXTBSY: "the program runs at the moment",
  EXDEV: "an overlay does not rename directories of lower layers; on other storage it may",
};

const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
const keepsOwner = -1;

const operations: Readonly<Record<string, (path: Bytes, request: ProbeRequest) => unknown>> = {
  "open-write": (path) =>
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)),
  "access-write": (path) => accessSync(path, constants.W_OK),
  create: (path) => {
    const name = random(path);
    closeSync(openSync(name, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600));
    putBack(() => unlinkSync(name));
  },
  mkdir: (path) => {
    const name = random(path);
    mkdirSync(name, 0o700);
    putBack(() => rmdirSync(name));
  },
  symlink: (path) => {
    const name = random(path);
    symlinkSync("lithify-probe", name);
    putBack(() => unlinkSync(name));
  },
  "tmpfile-link": (path) => closeSync(openSync(path, O_TMPFILE | constants.O_RDWR, 0o600)),
  rename: (path) => {
    const name = random(parentOf(path));
    renameSync(path, name);
    putBack(() => renameSync(name, path));
  },
  chmod: probeChmod,
  chgrp: (path) => {
    const { mode, gid, uid } = lstatSync(path);
    const isRestorable = uid === process.geteuid?.() && holds(gid);
    if ((mode & setIdBits) !== 0 && !isRestorable)
      throw new Inconclusive("it would lose its set-id bits for good");
    lchownSync(path, keepsOwner, gid);
    const after = lstatSync(path);
    if (after.mode !== mode) putBack(() => chmodSync(path, mode & 0o7777));
  },
  utimes: (path) => {
    const { atimeMs, mtimeMs } = lstatSync(path);
    lutimesSync(path, atimeMs / 1000, mtimeMs / 1000);
  },
  "link-target": probeLinkTarget,
  link: (path) => {
    if (readFileSync("/proc/sys/fs/protected_hardlinks", "latin1").trim() === "0")
      throw new Inconclusive("fs.protected_hardlinks is off on this machine");
    if (isStuck(path)) throw new Inconclusive("a name in a sticky directory could stay for good");
    const name = random(parentOf(path));
    linkSync(path, name);
    putBack(() => unlinkSync(name));
  },
  run: (path) => {
    const stdio: ("ignore" | "pipe")[] = ["ignore", "pipe", "ignore"];
    const { error, stdout } = spawnSync(path.toString(), [], { env: {}, stdio, timeout: 10_000 });
    if (error !== undefined) throw error;
    return stdout.toString("base64");
  },
  "attack-overwrite": attackOverwrite,
  "attack-create": (path, { keep }) => {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644));
    if (keep !== true) putBack(() => unlinkSync(path));
  },
  "attack-rename": (path, { keep }) => {
    const name = random(parentOf(path));
    renameSync(path, name);
    if (keep !== true) putBack(() => renameSync(name, path));
  },
  "attack-chmod": (path, { keep }) => {
    const { mode } = lstatSync(path);
    chmodSync(path, (mode & 0o7777) ^ 0o020);
    if (keep !== true) putBack(() => chmodSync(path, mode & 0o7777));
  },
};

/** The kernel asks the same for explicit times, and takes nothing: chmod takes set-group-id from who is not in the group. */
function probeChmod(path: Bytes): void {
  const { mode, gid, atimeMs, mtimeMs } = lstatSync(path);
  if ((mode & setIdBits) === 0 || holds(gid)) chmodSync(path, mode & 0o7777);
  else lutimesSync(path, atimeMs / 1000, mtimeMs / 1000);
}

const setIdBits = 0o6000;

/** Who owns neither the sticky directory nor the file can add a name of it, and not remove that again. */
function isStuck(path: Bytes): boolean {
  const [parent, file] = [statSync(parentOf(path)), lstatSync(path)];
  const own = process.geteuid?.();
  return (parent.mode & 0o1000) !== 0 && parent.uid !== own && file.uid !== own;
}

function holds(gid: number): boolean {
  return process.getegid?.() === gid || process.getgroups?.().includes(gid) === true;
}

/** Creates what a dangling link points at, with the directories in between, and removes it. */
function probeLinkTarget(path: Bytes): void {
  if (exists(path)) throw new Inconclusive("the link's target exists at run time");
  const target = targetOf(path);
  const made: Bytes[] = [];
  try {
    for (const directory of ancestorsOf(target)) {
      if (exists(directory)) continue;
      mkdirSync(directory, 0o700);
      made.push(directory);
    }
    closeSync(openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o600));
    putBack(() => unlinkSync(target));
  } finally {
    for (const directory of made.toReversed()) putBack(() => rmdirSync(directory));
  }
}

/** Adds a byte to a file's content, then writes the former content back. */
function attackOverwrite(path: Bytes, { keep }: ProbeRequest): void {
  const file = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  closeSync(file);
  const before = readFileSync(path);
  rewrite(path, Buffer.concat([before, Buffer.from("\n")]));
  if (keep !== true) putBack(() => rewrite(path, before));
}

function rewrite(path: Bytes, content: Buffer): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_TRUNC | constants.O_NOFOLLOW);
  for (let at = 0; at < content.length; ) at += writeSync(file, content, at);
  closeSync(file);
}

class Inconclusive extends Error {}

let notPutBack: string | undefined;

function putBack(undo: () => void): void {
  try {
    undo();
  } catch (error) {
    notPutBack = `could not be put back: ${String(error)}`;
  }
}

/** As the path is; and, where a directory on the way refuses, from the working directory, which the process never had to reach. */
function answer(request: ProbeRequest, workingDirectory: string): ProbeAnswer {
  const first = attempt(request, bytesOf(request.path));
  if (first.errno !== "EACCES") return first;
  const second = attempt(request, bytesOf(relativePath(request, workingDirectory)));
  return second.observed === "allowed"
    ? { ...second, why: `from the working directory ${workingDirectory}` }
    : first;
}

/** A name that ends in ".." cannot be renamed: there the directory that holds it is gone to. */
function relativePath({ operation, path }: ProbeRequest, workingDirectory: string): string {
  if (operation !== "rename" && operation !== "attack-rename")
    return relative(workingDirectory, path) || ".";
  return join(relative(workingDirectory, dirname(path)), basename(path));
}

function attempt(request: ProbeRequest, path: Bytes): ProbeAnswer {
  const operation = operations[request.operation];
  if (operation === undefined) return { observed: "inconclusive", why: "an unknown operation" };
  notPutBack = undefined;
  let output: unknown;
  try {
    output = operation(path, request);
  } catch (error) {
    return refused(error);
  }
  return {
    observed: "allowed",
    ...(notPutBack === undefined ? {} : { why: notPutBack }),
    ...(typeof output === "string" ? { output } : {}),
  };
}

function refused(error: unknown): ProbeAnswer {
  if (error instanceof Inconclusive) return { observed: "inconclusive", why: error.message };
  const errno = error instanceof Error && "code" in error ? String(error.code) : String(error);
  if (denials.has(errno)) return { observed: "denied", errno };
  return { observed: "inconclusive", errno, why: reasons[errno] ?? "neither done nor refused" };
}

function exists(path: Bytes): boolean {
  try {
    statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Where a chain of links ends, as written: the kernel resolves `..` in it. */
function targetOf(path: Bytes): Bytes {
  let at = path;
  for (let links = 0; links < 40; links += 1) {
    if (!lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink()) return at;
    const target = readlinkSync(at, { encoding: "buffer" });
    at = target[0] === slash ? target : Buffer.concat([parentOf(at), Buffer.of(slash), target]);
  }
  throw new Inconclusive("too many links");
}

const slash = 0x2f;

function ancestorsOf(path: Bytes): readonly Bytes[] {
  const found: Bytes[] = [];
  for (let at = path.indexOf(slash, 1); at !== -1; at = path.indexOf(slash, at + 1))
    found.push(path.subarray(0, at));
  return found;
}

function parentOf(path: Bytes): Bytes {
  const at = path.lastIndexOf(slash);
  if (at === -1) return Buffer.from(path.equals(Buffer.from(".")) ? ".." : ".");
  return at === 0 ? Buffer.from("/") : path.subarray(0, at);
}

function random(directory: Bytes): Bytes {
  const name = Math.floor(Math.random() * 2 ** 32).toString(16);
  return Buffer.concat([directory, Buffer.from(`/.lithify-probe-${name.padStart(8, "0")}`)]);
}

/** Bytes that are not UTF-8 come as the lone surrogates U+DC80 to U+DCFF (PEP 383). */
function bytesOf(text: string): Bytes {
  const parts = [...text].map((character) => {
    const unit = character.charCodeAt(0);
    const isByte = character.length === 1 && unit >= 0xdc80 && unit <= 0xdcff;
    return isByte ? Buffer.of(unit - 0xdc00) : Buffer.from(character);
  });
  return Buffer.concat(parts);
}

/** stdin: one JSON line with the working directory, then a line for each request; stdout: a line for each answer. */
function main(): void {
  const [first = "{}", ...lines] = readFileSync(0, "utf8").split("\n").filter(Boolean);
  const { workingDirectory } = JSON.parse(first) as { readonly workingDirectory: string };
  const answers = lines.map((line) => answer(JSON.parse(line) as ProbeRequest, workingDirectory));
  process.stdout.write(answers.map((found) => `${JSON.stringify(found)}\n`).join(""));
}

// With `wait` it is the process that a throwaway container is kept alive by.
if (process.argv.includes("wait")) {
  process.on("SIGTERM", () => process.exit(0));
  setInterval(() => {}, 2 ** 30);
} else main();
