import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type TarInput, writeTar } from "@lithify/oci";
import { decide, fits } from "../src/access/decide.ts";
import type { AccessModel } from "../src/access/model.ts";
import type { Operation } from "../src/access/operation.ts";
import type { Identity } from "../src/identity/identity.ts";
import { inputOf } from "./fixture.ts";
import type { RandomTree } from "./random-tree.ts";

/** What the random trees are asked for, one attempt of `probe.mjs` each, and what the kernel says of it. */
const operations: readonly Operation[] = [
  "open-write",
  "access-write",
  "create",
  "mkdir",
  "symlink",
  "tmpfile-link",
  "rename",
  "chmod",
  "chgrp",
  "utimes",
  "link-target",
  "link",
];

/** Starts a program as somebody else (util-linux). */
const setpriv = "setpriv";

/** A directory that everybody reaches, with the probe in it and a Node to run it. */
export async function probeDirectory(): Promise<{
  readonly directory: string;
  readonly node: string;
}> {
  const directory = await mkdtemp(join(tmpdir(), "lithify-kernel-"));
  await chmod(directory, 0o755);
  // The test's own Node may lie where other users cannot reach it.
  const node = join(directory, "node");
  await copyFile(process.execPath, node);
  await chmod(node, 0o755);
  await copyFile(new URL("./probe.mjs", import.meta.url), join(directory, "probe.mjs"));
  return { directory, node };
}

export interface Case {
  readonly operation: Operation;
  readonly path: string;
  readonly mode: number;
  readonly gid: number;
  readonly mtime: number;
  readonly target: string;
  readonly expected: string;
  readonly about: string;
}

export function casesOf(
  access: AccessModel,
  who: Identity,
  root: string,
  tree: RandomTree,
): readonly Case[] {
  return [...access.tree].flatMap((object) =>
    operations
      .filter((operation) => object.path !== "/" && fits(operation, object))
      .filter((operation) => operation !== "link-target" || object.target?.startsWith("missing"))
      .map((operation) => {
        const { answer, why } = decide(access, who, operation, object.path);
        return {
          operation,
          path: join(root, object.path),
          mode: object.mode,
          gid: object.gid,
          mtime: object.mtime,
          target: object.target ?? "",
          expected: answer,
          about: `${who.name} ${operation} ${object.path}: ${why.join("; ")}\n${tree.lines.join("\n")}`,
        };
      }),
  );
}

export function disagreements(
  cases: readonly Case[],
  observed: readonly string[],
): readonly string[] {
  return cases.flatMap((each, index) => {
    const got = observed[index] ?? "nothing";
    return each.expected === got || each.expected === "unknown"
      ? []
      : [`the kernel says ${got}, the model ${each.expected}: ${each.about}`];
  });
}

/** The tree on disk, with owners, modes and ACLs as GNU tar restores them. */
export async function unpacked(directory: string, name: string, tree: RandomTree): Promise<string> {
  const root = join(directory, name);
  await mkdir(root);
  await extracted(
    root,
    tree.lines.slice(1).map((line) => inputOf(line, tree.xattrs)),
  );
  await chmod(root, 0o755);
  return root;
}

export async function extracted(root: string, inputs: readonly TarInput[]): Promise<void> {
  const tar = spawn(
    "tar",
    ["-x", "-p", "--same-owner", "--numeric-owner", "--xattrs", "--xattrs-include=*", "-C", root],
    { stdio: ["pipe", "ignore", "pipe"] },
  );
  await pipeline(Readable.from(writeTar(inputs)), tar.stdin);
  const code = await new Promise((resolve) => tar.on("close", resolve));
  if (code !== 0) throw new Error(`tar ended with ${code}`);
}

/** What the kernel says of each attempt, in a mount namespace with the mounts that these shell lines make. */
export async function run(
  node: string,
  directory: string,
  who: Identity,
  attempts: readonly Case[],
  workingDirectory?: string,
  mounts: readonly string[] = [],
): Promise<readonly string[]> {
  const script = join(directory, "mounts.sh");
  await writeFile(script, mounts.join("\n"));
  const child = spawn(
    "unshare",
    [
      "--mount",
      "--propagation=private",
      "sh",
      "-ec",
      '. "$0"; exec "$@"',
      script,
      setpriv,
      `--reuid=${who.uid}`,
      `--regid=${who.gid}`,
      `--groups=${who.groups.join()}`,
      ...(who.noNewPrivileges ? ["--no-new-privs"] : []),
      ...capabilityOptions(who),
      // setpriv itself keeps root's permitted set, within which no_new_privs lets a program gain; another execve(2) ends it
      "/usr/bin/env",
      node,
      join(directory, "probe.mjs"),
    ],
    { stdio: ["pipe", "pipe", "inherit"], cwd: workingDirectory ?? directory, env: {} },
  );
  child.stdin.end(JSON.stringify({ attempts, workingDirectory }));
  let text = "";
  for await (const chunk of child.stdout.setEncoding("utf8")) text += chunk;
  return JSON.parse(text) as readonly string[];
}

/** A user other than root gets effective capabilities only as ambient ones. */
function capabilityOptions({ capabilities }: Identity): readonly string[] {
  if (capabilities.length === 0) return [];
  const names = capabilities.map((name) => `+${name.slice("CAP_".length).toLowerCase()}`).join();
  return [`--inh-caps=${names}`, `--ambient-caps=${names}`];
}

/** Why the kernel cannot be asked here; undefined when it can. */
export function reasonToSkip(): string | undefined {
  if (process.getuid?.() !== 0) return "it needs root";
  if (spawnSync(setpriv, ["--version"]).status !== 0) return "setpriv (util-linux) is missing";
  if (!existsSync("/usr/bin/tar") && !existsSync("/bin/tar")) return "tar is missing";
  return undefined;
}
