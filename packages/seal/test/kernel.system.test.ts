import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { writeTar } from "@lithify/oci";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decide, fits } from "../src/decide.ts";
import type { Identity } from "../src/identity.ts";
import type { AccessModel } from "../src/model.ts";
import type { Operation } from "../src/operation.ts";
import { inputOf, model } from "./fixture.ts";
import { people, type RandomTree, randomTree } from "./random-tree.ts";

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
];

/** Starts a program as somebody else (util-linux). */
const setpriv = "setpriv";
const trees = 60;
const seed = 20_240_611;

const missing = reasonToSkip();
if (missing !== undefined)
  process.stderr.write(`skipped: the model against the kernel: ${missing}\n`);

describe.skipIf(missing !== undefined)("the model against the kernel", () => {
  let directory: string;
  let node: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "lithify-kernel-"));
    await chmod(directory, 0o755);
    // The test's own Node may lie where other users cannot reach it.
    node = join(directory, "node");
    await copyFile(process.execPath, node);
    await chmod(node, 0o755);
    await copyFile(new URL("./probe.mjs", import.meta.url), join(directory, "probe.mjs"));
  });

  afterAll(() => rm(directory, { recursive: true, force: true }));

  test("agrees on every operation, object and identity of random trees", async () => {
    const worlds = await Promise.all(
      fc.sample(randomTree, { numRuns: trees, seed }).map(async (tree, index) => ({
        root: await unpacked(directory, `t${index}`, tree),
        access: model(tree.lines, { xattrs: tree.xattrs }),
        tree,
      })),
    );
    let decisions = 0;
    for (const who of people) {
      const cases = worlds.flatMap(({ root, access, tree }) => casesOf(access, who, root, tree));
      const observed = await run(node, directory, who, cases);
      decisions += cases.length;
      expect(disagreements(cases, observed)).toEqual([]);
      const unknown = cases.filter((each) => each.expected === "unknown");
      expect(unknown.length).toBeLessThan(cases.length / 50);
    }
    expect(decisions).toBeGreaterThan(2000);
  });

  test("agrees on relative paths from a WORKDIR that the absolute path does not reach", async () => {
    const tree: RandomTree = {
      lines: [
        "d 0755 0:0 /",
        "d 0700 0:0 /shut",
        "d 0711 0:0 /shut/a",
        "d 0777 0:0 /shut/a/work",
        "f 0666 0:0 /shut/a/work/inside x",
        "f 0666 0:0 /shut/a/beside x",
        "f 0666 0:0 /shut/above x",
        "d 0777 0:0 /shut/a/next",
        "f 0644 1001:2001 /shut/a/next/mine x",
      ],
      xattrs: {},
    };
    const access = model(tree.lines, { config: { WorkingDir: "/shut/a/work" } });
    const root = await unpacked(directory, "workdir", tree);
    const who = people[0] as Identity;
    const cases = casesOf(access, who, root, tree);
    const workingDirectory = join(root, "shut/a/work");
    const observed = await run(node, directory, who, cases, workingDirectory);
    expect(disagreements(cases, observed)).toEqual([]);
    const far = cases.find(
      (each) => each.path.endsWith("/above") && each.operation === "open-write",
    );
    const near = cases.find(
      (each) => each.path.endsWith("/beside") && each.operation === "open-write",
    );
    expect([far?.expected, near?.expected]).toEqual(["denied", "allowed"]);
  });
});

interface Case {
  readonly operation: Operation;
  readonly path: string;
  readonly mode: number;
  readonly gid: number;
  readonly mtime: number;
  readonly target: string;
  readonly expected: string;
  readonly about: string;
}

function casesOf(
  access: AccessModel,
  who: Identity,
  root: string,
  tree: RandomTree,
): readonly Case[] {
  return access.nodes.flatMap((object) =>
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

function disagreements(cases: readonly Case[], observed: readonly string[]): readonly string[] {
  return cases.flatMap((each, index) => {
    const got = observed[index] ?? "nothing";
    return each.expected === got || each.expected === "unknown"
      ? []
      : [`the kernel says ${got}, the model ${each.expected}: ${each.about}`];
  });
}

/** The tree on disk, with owners, modes and ACLs as GNU tar restores them. */
async function unpacked(directory: string, name: string, tree: RandomTree): Promise<string> {
  const root = join(directory, name);
  await mkdir(root);
  const tar = spawn(
    "tar",
    ["-x", "-p", "--same-owner", "--numeric-owner", "--xattrs", "--xattrs-include=*", "-C", root],
    { stdio: ["pipe", "ignore", "pipe"] },
  );
  const inputs = tree.lines.slice(1).map((line) => inputOf(line, tree.xattrs));
  await pipeline(Readable.from(writeTar(inputs)), tar.stdin);
  const code = await new Promise((resolve) => tar.on("close", resolve));
  if (code !== 0) throw new Error(`tar ended with ${code}`);
  await chmod(root, 0o755);
  return root;
}

async function run(
  node: string,
  directory: string,
  who: Identity,
  attempts: readonly Case[],
  workingDirectory?: string,
): Promise<readonly string[]> {
  const child = spawn(
    setpriv,
    [
      `--reuid=${who.uid}`,
      `--regid=${who.gid}`,
      `--groups=${who.groups.join()}`,
      "--no-new-privs",
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

function reasonToSkip(): string | undefined {
  if (process.getuid?.() !== 0) return "it needs root";
  if (spawnSync(setpriv, ["--version"]).status !== 0) return "setpriv (util-linux) is missing";
  if (!existsSync("/usr/bin/tar") && !existsSync("/bin/tar")) return "tar is missing";
  return undefined;
}
