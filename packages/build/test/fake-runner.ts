import { readdir, readFile } from "node:fs/promises";
import { replayLayers, type TarEntry, type TreeNode, writeTar } from "@lithify/oci";
import type { Step, StepMount, StepRunner } from "../src/index.ts";

/**
 * A StepRunner that needs no kernel: it understands a handful of commands, joined by `&&` or on lines of their
 * own, and answers with the tar archive that they would leave. Times and order are deliberately untidy.
 */
export function fakeRunner(log: Step[] = []): StepRunner {
  return {
    run: async (step, { output }) => {
      log.push(step);
      const changes = new Changes(step, await treeOf(step));
      for (const words of commandsOf(step)) {
        const exitCode = await changes.carryOut(words, output);
        if (exitCode !== 0) return { answer: "failed", exitCode };
      }
      return { answer: "done", changes: writeTar(changes.archive()) };
    },
  };
}

async function treeOf(step: Step): Promise<ReadonlyMap<string, TreeNode>> {
  return new Map([...(await replayLayers(step.layers))].map((node) => [node.path, node]));
}

function commandsOf(step: Step): readonly (readonly string[])[] {
  const { command } = step;
  if (command.length !== 3 || command[1] !== "-c") return [command];
  return (command[2] ?? "")
    .split(/&&|\n/)
    .map((line) => line.trim().split(/\s+/))
    .filter(([first]) => first !== undefined && first !== "");
}

class Changes {
  readonly #step: Step;
  readonly #tree: ReadonlyMap<string, TreeNode>;
  readonly #entries = new Map<string, { readonly entry: TarEntry; readonly body?: Buffer }>();

  constructor(step: Step, tree: ReadonlyMap<string, TreeNode>) {
    this.#step = step;
    this.#tree = tree;
  }

  archive(): { readonly entry: TarEntry; readonly body?: Buffer }[] {
    return [...this.#entries.values()].sort((a, b) =>
      a.entry.type === b.entry.type ? 0 : a.entry.type === "hardlink" ? 1 : -1,
    );
  }

  async carryOut(words: readonly string[], output: (line: string) => void): Promise<number> {
    const [name = "", first = "", second = "", ...rest] = words;
    switch (name) {
      case "mkdir":
        this.#put(first, { type: "directory", mode: 0o755 });
        return 0;
      case "write":
        this.#write(first, [second, ...rest].join(" "));
        return 0;
      case "rm":
        this.#put(first.replace(/([^/]+)$/, ".wh.$1"), { type: "file", mode: 0 });
        return 0;
      case "opaque":
        this.#put(`${first}/.wh..wh..opq`, { type: "file", mode: 0 });
        return 0;
      case "link":
        this.#put(second, { type: "hardlink", mode: 0o644, target: first.slice(1) });
        return 0;
      case "chmod":
        this.#put(second, { type: "directory", mode: Number.parseInt(first, 8) });
        return this.#tree.get(second)?.type === "directory" ? 0 : 1;
      case "say":
        output(words.slice(1).join(" "));
        return 0;
      case "true":
        return 0;
      case "fail":
        return Number(first);
      default:
        return this.#report(name, first, second);
    }
  }

  /** Commands that write down what the step was given. */
  async #report(name: string, first: string, second: string): Promise<number> {
    if (name === "printenv") {
      const pair = this.#step.env.find((item) => item.startsWith(`${first}=`));
      this.#write(second, pair?.slice(first.length + 1) ?? "(unset)");
    } else if (name === "whoami") this.#write(first, this.#step.user || "(nobody set)");
    else if (name === "pwd") this.#write(first, this.#step.workingDirectory);
    else if (name === "network") this.#write(first, this.#step.network);
    else if (name === "mounts")
      this.#write(first, (await Promise.all(this.#step.mounts.map(describe))).join(" "));
    else if (name.startsWith("/")) this.#write("/ran", this.#step.command.join(" "));
    else return 127;
    return 0;
  }

  #write(path: string, text: string): void {
    const body = Buffer.from(text);
    this.#put(path, { type: "file", mode: 0o644, size: body.length }, body);
  }

  #put(path: string, parts: Pick<TarEntry, "type" | "mode"> & Partial<TarEntry>, body?: Buffer) {
    const entry: TarEntry = {
      ...{ path: path.slice(1), uid: 0, gid: 0, size: 0, mtime: Date.now() / 1000 },
      xattrs: new Map(),
      ...parts,
    };
    this.#entries.set(entry.path, body === undefined ? { entry } : { entry, body });
  }
}

async function describe(mount: StepMount): Promise<string> {
  switch (mount.type) {
    case "secret":
      return `secret:${mount.target}:${mount.mode.toString(8)}:${Buffer.from(mount.bytes).toString().trim()}`;
    case "tmpfs":
      return `tmpfs:${mount.target}:${mount.size ?? "any"}`;
    case "cache":
      return `cache:${mount.target}`;
    case "bind": {
      const names = await readdir(mount.source, { recursive: true }).catch(() => undefined);
      const shown = names?.sort().join(",") ?? (await readFile(mount.source, "utf8")).trim();
      return `bind:${mount.target}:${mount.writable ? "rw" : "ro"}:${shown}`;
    }
  }
}
