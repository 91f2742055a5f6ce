import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { Fault, isFault } from "@lithify/fault";
import { type Content, joinPath, noXattrs } from "../layer/entry.ts";
import { type PatternList, patternList } from "./patterns.ts";
import type { Source, SourceNode } from "./source.ts";

/** Objects that one instruction may take from a directory. */
export const maximumContextObjects = 1_000_000;

/** A directory of this machine as a source: modes as they are, owner 0:0, extended attributes not read. */
export function directorySource(
  directory: string,
  options: { readonly title: string; readonly ignored?: PatternList },
): Source {
  return new DirectorySource(directory, options.title, options.ignored ?? patternList([]));
}

/** The patterns for a context: `<Dockerfile>.dockerignore` beside the Dockerfile, else the context's own. */
export async function readIgnoreFile(
  contextDirectory: string,
  dockerfile: string,
): Promise<PatternList> {
  for (const file of [`${dockerfile}.dockerignore`, join(contextDirectory, ".dockerignore")]) {
    try {
      const text = await readFile(file, "utf8");
      return patternList(text.replace(/^\uFEFF/, "").split("\n"));
    } catch (error) {
      if (!isMissing(error)) throw unreadable(file, error);
    }
  }
  return patternList([]);
}

class DirectorySource implements Source {
  readonly title: string;
  readonly #directory: string;
  readonly #ignored: PatternList;
  readonly #digests = new Map<string, string>();

  constructor(directory: string, title: string, ignored: PatternList) {
    this.#directory = directory;
    this.title = title;
    this.#ignored = ignored;
  }

  async at(path: string): Promise<SourceNode | undefined> {
    const node = await this.#read(path);
    if (node === undefined || path === "" || !this.#ignored.matches(path)) return node;
    if (node.type !== "directory" || !this.#ignored.hasExceptions) return undefined;
    return (await this.names(path)).length > 0 ? node : undefined;
  }

  async names(path: string): Promise<readonly string[]> {
    const found = await readdir(join(this.#directory, path)).catch((error: unknown) => {
      throw unreadable(join(this.#directory, path), error);
    });
    const names: string[] = [];
    for (const name of found.sort()) {
      if (name.includes("\uFFFD"))
        throw new Fault("CONTEXT_UNREADABLE", `the file ${joinPath(path, name)}`, {
          why: "its name is not UTF-8",
        });
      if ((await this.at(joinPath(path, name))) !== undefined) names.push(name);
    }
    return names;
  }

  ignores(path: string): boolean {
    return path !== "" && this.#ignored.matches(path);
  }

  async fingerprint(nodes: readonly SourceNode[]): Promise<string> {
    if (nodes.length > maximumContextObjects)
      throw new Fault("LIMIT_EXCEEDED", `copying from ${this.title}`, {
        values: { objects: nodes.length, limit: maximumContextObjects },
      });
    const hash = createHash("sha256");
    for (const node of nodes) {
      const content = node.type === "file" ? await this.#digest(node) : (node.target ?? "");
      hash.update(JSON.stringify([node.path, node.type, node.mode, node.size, content]));
    }
    return hash.digest("hex");
  }

  async contents(nodes: readonly SourceNode[]): Promise<ReadonlyMap<string, Content>> {
    const contents = new Map<string, Content>();
    for (const node of nodes)
      if (node.type === "file")
        contents.set(node.path, { open: () => this.#verified(node, this.#digests.get(node.path)) });
    return contents;
  }

  async #read(path: string): Promise<SourceNode | undefined> {
    const full = join(this.#directory, path);
    try {
      const stat = await lstat(full);
      const common = { path, mode: stat.mode & 0o7777, uid: 0, gid: 0, xattrs: noXattrs };
      if (stat.isFile()) return { ...common, type: "file", size: stat.size };
      if (stat.isDirectory()) return { ...common, type: "directory", size: 0 };
      if (stat.isSymbolicLink())
        return { ...common, type: "symlink", mode: 0o777, size: 0, target: await readlink(full) };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw unreadable(full, error);
    }
    return undefined;
  }

  async #digest(node: SourceNode): Promise<string> {
    const known = this.#digests.get(node.path);
    if (known !== undefined) return known;
    const hash = createHash("sha256");
    for await (const chunk of this.#bytes(node)) hash.update(chunk);
    const digest = hash.digest("hex");
    this.#digests.set(node.path, digest);
    return digest;
  }

  /** The file's bytes once more; a file that changed since it was hashed must not poison the cache. */
  async *#verified(node: SourceNode, digest: string | undefined): AsyncGenerator<Uint8Array> {
    const hash = createHash("sha256");
    let size = 0;
    for await (const chunk of this.#bytes(node)) {
      size += chunk.length;
      if (size > node.size) break;
      hash.update(chunk);
      yield chunk;
    }
    if (size !== node.size || (digest !== undefined && hash.digest("hex") !== digest))
      throw new Fault("CONTEXT_UNREADABLE", `the file ${node.path}`, {
        why: "it changed while it was being copied",
        hint: "stop what writes to the build context, and build again",
      });
  }

  async *#bytes(node: SourceNode): AsyncGenerator<Uint8Array> {
    const file = join(this.#directory, node.path);
    try {
      for await (const chunk of createReadStream(file, { highWaterMark: 1 << 18 }))
        yield chunk as Uint8Array;
    } catch (error) {
      throw isFault(error) ? error : unreadable(file, error);
    }
  }
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ENOTDIR";
}

function unreadable(file: string, error: unknown): Fault {
  return new Fault("CONTEXT_UNREADABLE", `reading ${file}`, {
    why: (error as NodeJS.ErrnoException).code ?? String(error),
    cause: error,
  });
}
