import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@lithify/fault";
import { diskFault } from "../layer/disk-fault.ts";
import { lastLine, runProgram } from "./program.ts";

/** The distribution's packages that the base image is made of. base-files first: it has the directories. */
export const packageNames = [
  "base-files",
  "libc6",
  "libgcc-s1",
  "libstdc++6",
  "ca-certificates",
  "netbase",
  "busybox-static",
] as const;

/** A package as the distribution's signed index has it. */
export interface PackageFile {
  readonly name: string;
  /** As apt names the file: name, version, architecture. */
  readonly file: string;
  readonly sha256: string;
}

export interface PackageOptions {
  /** Downloads and indexes are kept here; all of it may be deleted. */
  readonly directory: string;
  readonly progress: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** Where apt keeps the distribution's indexes. */
const systemLists = "/var/lib/apt/lists";

/**
 * Which versions the distribution offers now, asked of apt; remembered as long as apt's indexes do not change.
 * On a machine without indexes they are fetched into `directory`.
 * @throws Fault PACKAGE_CLIENT_MISSING, PACKAGE_UNAVAILABLE
 */
export async function currentPackages(options: PackageOptions): Promise<readonly PackageFile[]> {
  const { directory, progress } = options;
  await mkdir(directory, { recursive: true }).catch((error: unknown) => {
    throw diskFault(error, "the directory of downloaded packages");
  });
  const state = await listsState();
  const memory = join(directory, "current.json");
  const remembered = await readMemory(memory, state);
  if (remembered !== undefined) return remembered;
  let found = await askApt([], options);
  if (found.answer === "failed") {
    progress("fetching the distribution's package indexes");
    found = await askApt(await privateLists(options), options);
  }
  if (found.answer === "failed")
    throw new Fault("PACKAGE_UNAVAILABLE", `the packages ${packageNames.join(", ")}`, {
      why: lastLine(found.stderr),
    });
  await remember(memory, { state, packages: found.packages });
  return found.packages;
}

/** The package's file, downloaded when it is not there yet, its digest checked. @throws Fault PACKAGE_UNAVAILABLE */
export async function fetchPackages(
  packages: readonly PackageFile[],
  options: PackageOptions,
): Promise<readonly string[]> {
  const { directory, progress } = options;
  const files = packages.map(({ file }) => join(directory, file));
  const missing: PackageFile[] = [];
  for (const [index, item] of packages.entries())
    if ((await sha256Of(files[index] ?? "")) !== item.sha256) missing.push(item);
  if (missing.length === 0) return files;
  progress(`downloading ${missing.map(({ name }) => name).join(", ")}`);
  for (const item of missing) await rm(join(directory, item.file), { force: true });
  const names = missing.map(({ name }) => name);
  let result = await apt(["download", ...names], [], options);
  if (result.answer === "failed")
    result = await apt(["download", ...names], await privateLists(options), options);
  for (const item of missing)
    if ((await sha256Of(join(directory, item.file))) !== item.sha256)
      throw new Fault("PACKAGE_UNAVAILABLE", `the package ${item.name}`, {
        why: result.answer === "failed" ? lastLine(result.stderr) : "another version was delivered",
        values: { file: item.file },
      });
  return files;
}

type Answer =
  | { readonly answer: "found"; readonly packages: readonly PackageFile[] }
  | { readonly answer: "failed"; readonly stderr: string };

async function askApt(lists: readonly string[], options: PackageOptions): Promise<Answer> {
  const result = await apt(["--print-uris", "download", ...packageNames], lists, options);
  if (result.answer === "failed") return result;
  const packages: PackageFile[] = [];
  for (const line of result.stdout.split("\n")) {
    const match = /^'[^']*' (\S+) \d+ SHA256:([0-9a-f]{64})$/.exec(line.trim());
    const [, file, sha256] = match ?? [];
    const name = packageNames.find((candidate) => file?.startsWith(`${candidate}_`));
    if (file !== undefined && sha256 !== undefined && name !== undefined)
      packages.push({ name, file, sha256 });
  }
  const absent = packageNames.filter((name) => !packages.some((item) => item.name === name));
  if (absent.length > 0)
    return { answer: "failed", stderr: `apt-get names no file for ${absent.join(", ")}` };
  return {
    answer: "found",
    packages: packageNames.flatMap((name) => packages.find((item) => item.name === name) ?? []),
  };
}

/** Options that make apt use indexes of our own; fetches them. */
async function privateLists(options: PackageOptions): Promise<readonly string[]> {
  const lists = join(options.directory, "lists");
  const cache = join(options.directory, "apt-cache");
  await mkdir(join(lists, "partial"), { recursive: true });
  await mkdir(join(cache, "archives", "partial"), { recursive: true });
  const own = ["-o", `Dir::State::lists=${lists}`, "-o", `Dir::Cache=${cache}`];
  await apt(["update"], own, options);
  return own;
}

function apt(args: readonly string[], more: readonly string[], options: PackageOptions) {
  const { directory, signal } = options;
  return runProgram("apt-get", ["-o", "APT::Sandbox::User=root", ...more, "-q", ...args], {
    directory,
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Changes when apt's indexes do. */
async function listsState(): Promise<string> {
  const names = await readdir(systemLists).catch(() => []);
  const rows = await Promise.all(
    names.sort().map(async (name) => {
      const found = await stat(join(systemLists, name)).catch(() => undefined);
      return [name, found?.size, found?.isDirectory() === true ? 0 : found?.mtimeMs];
    }),
  );
  return createHash("sha256")
    .update(JSON.stringify([packageNames, rows]))
    .digest("hex");
}

/** Best effort: without it apt is asked again. */
async function remember(file: string, memory: object): Promise<void> {
  try {
    await writeFile(`${file}.new`, JSON.stringify(memory));
    await rename(`${file}.new`, file);
  } catch {
    await rm(`${file}.new`, { force: true }).catch(() => {});
  }
}

async function readMemory(
  file: string,
  state: string,
): Promise<readonly PackageFile[] | undefined> {
  try {
    const memory = JSON.parse(await readFile(file, "utf8")) as {
      state?: unknown;
      packages?: unknown;
    };
    const { packages } = memory;
    if (memory.state !== state || !Array.isArray(packages)) return undefined;
    return packages.length === packageNames.length ? (packages as PackageFile[]) : undefined;
  } catch {
    return undefined;
  }
}

async function sha256Of(file: string): Promise<string | undefined> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
    return hash.digest("hex");
  } catch {
    return undefined;
  }
}
