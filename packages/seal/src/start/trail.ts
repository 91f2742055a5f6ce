import type { ImageConfig, Tree, TreeNode } from "@lithify/oci";
import type { Content } from "../contents/content-watch.ts";
import type { Contents } from "../contents/inspect-image.ts";

/** A place that a start depends on: who can change what is there changes what runs. */
export interface Need {
  readonly path: string;
  /** `search`: a directory where something is looked for before, or where, it is found. */
  readonly as: "program" | "library" | "search" | "runtime" | "profile";
  /** From the configuration to this place, step by step. */
  readonly why: readonly string[];
}

/** Something of the start that the image does not tell. */
export interface Trouble {
  readonly path: string;
  readonly why: readonly string[];
}

/** What a start depends on, while it is being followed. */
export interface Trail {
  readonly tree: Tree;
  readonly contents: Contents;
  readonly config: ImageConfig;
  readonly workingDirectory: string;
  readonly environment: ReadonlyMap<string, string>;
  readonly needs: Map<string, Need>;
  readonly troubles: Map<string, Trouble>;
  /** Real paths of programs and libraries that were followed. */
  readonly seen: Set<string>;
  /** Real paths of the programs that are started, scripts and interpreters among them. */
  readonly programs: Set<string>;
  /** Scripts that an interpreter is given, with the interpreter's name. */
  readonly scripts: { readonly interpreter: string; readonly path: string }[];
  /** A shell that reads profile files is among the programs. */
  hasLoginShell: boolean;
}

/** Programs, libraries and places that are followed at most; beyond it the rest is not proven. */
export const trailLimit = 5000;

/** Where programs are looked for when the image does not say (moby, system.DefaultPathEnv). */
export const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export function newTrail(
  image: Pick<Trail, "tree" | "contents" | "config" | "workingDirectory">,
): Trail {
  return {
    ...image,
    environment: environmentOf(image.config),
    needs: new Map(),
    troubles: new Map(),
    seen: new Set(),
    programs: new Set(),
    scripts: [],
    hasLoginShell: false,
  };
}

/** ENV of a configuration; the last line of a name counts, because runtimes set one after another [tried: runc]. */
export function environmentOf(config: ImageConfig): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of config.config?.Env ?? []) {
    const equals = line.indexOf("=");
    if (equals > 0) found.set(line.slice(0, equals), line.slice(equals + 1));
  }
  return found;
}

/** Notes a place once; false when it is known, or when there are too many. */
export function note(trail: Trail, need: Need): boolean {
  const key = `${need.as === "search" ? "search" : "place"} ${need.path}`;
  if (trail.needs.has(key)) return false;
  if (trail.needs.size >= trailLimit) {
    trouble(trail, "/", [...need.why, `more than ${trailLimit} places decide what is started`]);
    return false;
  }
  trail.needs.set(key, need);
  return true;
}

export function trouble(trail: Trail, path: string, why: readonly string[]): void {
  if (!trail.troubles.has(path)) trail.troubles.set(path, { path, why });
}

/** The file that a path leads to, links followed. */
export function fileAt(trail: Pick<Trail, "tree">, path: string): TreeNode | undefined {
  const found = trail.tree.resolve(path);
  return found.answer === "reached" && found.node.type === "file" ? found.node : undefined;
}

export function contentAt(
  trail: Pick<Trail, "tree" | "contents">,
  path: string,
): Content | undefined {
  const node = fileAt(trail, path);
  return node === undefined ? undefined : trail.contents.at(node.path);
}

/** A path against the working directory. */
export function absolute(trail: Pick<Trail, "workingDirectory">, path: string): string {
  if (path.startsWith("/")) return path;
  return `${trail.workingDirectory === "/" ? "" : trail.workingDirectory}/${path}`;
}

/** Where execvp(3) finds a word: the first file of PATH that somebody may execute. */
export function located(trail: Trail, word: string): string | undefined {
  if (word === "") return undefined;
  if (word.includes("/")) return absolute(trail, word);
  const path = trail.environment.get("PATH") ?? defaultPath;
  const candidates = path
    .split(":")
    .map((directory) => `${absolute(trail, directory || ".").replace(/\/+$/u, "")}/${word}`);
  const files = candidates.filter((candidate) => fileAt(trail, candidate) !== undefined);
  return files.find((file) => ((fileAt(trail, file)?.mode ?? 0) & 0o111) !== 0) ?? files[0];
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
