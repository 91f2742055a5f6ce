import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeFileCapabilities } from "../src/access/file-capability.ts";
import type { Identity } from "../src/identity/identity.ts";
import { withSetId } from "../src/rules/giving-programs.ts";
import { model } from "./fixture.ts";
import {
  type Case,
  casesOf,
  disagreements,
  extracted,
  probeDirectory,
  reasonToSkip,
  run,
  unpacked,
} from "./kernel-world.ts";
import { people, type RandomTree, randomTree } from "./random-tree.ts";

/** In the full run, LITHIFY_DECISIONS=100000, as many trees as that takes; a tree gives about 150. */
const wanted = Number(process.env.LITHIFY_DECISIONS ?? "9000");
const trees = Math.ceil(wanted / 150);
/** LITHIFY_SEED gives other trees. */
const seed = Number(process.env.LITHIFY_SEED ?? "20240611");

const missing = reasonToSkip();
if (missing !== undefined)
  process.stderr.write(`skipped: the model against the kernel: ${missing}\n`);

describe.skipIf(missing !== undefined)("the model against the kernel", () => {
  let directory: string;
  let node: string;

  beforeAll(async () => {
    ({ directory, node } = await probeDirectory());
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
      const cases = effective(
        worlds.flatMap(({ root, access, tree }) => casesOf(access, who, root, tree)),
      );
      const observed = await run(node, directory, who, cases);
      decisions += cases.length;
      expect(disagreements(cases, observed)).toEqual([]);
      const unknown = cases.filter((each) => each.expected === "unknown");
      expect(unknown.length).toBeLessThan(cases.length / 50);
    }
    process.stdout.write(`the model against the kernel: ${decisions} decisions\n`);
    expect(decisions).toBeGreaterThan(5000);
  }, 1_800_000);

  test("agrees for processes that hold capabilities", async () => {
    const worlds = await someWorlds(directory, "c");
    const sets = [
      ["CHOWN"],
      ["FOWNER"],
      ["DAC_OVERRIDE"],
      ["DAC_READ_SEARCH"],
      ["CHOWN", "DAC_READ_SEARCH"],
      ["FOWNER", "DAC_READ_SEARCH"],
      ["FSETID", "LINUX_IMMUTABLE", "MKNOD", "SYS_PTRACE", "SETFCAP"],
    ];
    for (const names of sets) {
      const who: Identity = {
        ...(people[3] as Identity),
        name: `with ${names.join()}`,
        capabilities: names.map((name) => `CAP_${name}`),
      };
      const cases = effective(
        worlds.flatMap(({ root, access, tree }) => casesOf(access, who, root, tree)),
      );
      expect(disagreements(cases, await run(node, directory, who, cases))).toEqual([]);
    }
  });

  test("agrees for what set-id programs and file capabilities gain", async () => {
    const worlds = await someWorlds(directory, "g");
    const plain: Identity = { ...(people[3] as Identity), noNewPrivileges: false };
    for (const { name, gained } of await gainingPrograms(directory, plain)) {
      const who = { ...gained, name };
      const cases = effective(
        worlds.flatMap(({ root, access, tree }) => casesOf(access, who, root, tree)),
      );
      const observed = await run(join(directory, name), directory, plain, cases);
      expect(disagreements(cases, observed)).toEqual([]);
      // With no_new_privs the same program gains nothing.
      const held = { ...plain, noNewPrivileges: true };
      const without = worlds.flatMap(({ root, access, tree }) => casesOf(access, held, root, tree));
      const kept = await run(join(directory, name), directory, held, without);
      expect(disagreements(without, kept)).toEqual([]);
    }
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

const someTrees = 12;

/** access(2) asks for the real ids and without capabilities: that probe says nothing about what is gained. */
function effective(cases: readonly Case[]): readonly Case[] {
  return cases.filter(({ operation }) => operation !== "access-write");
}

async function someWorlds(directory: string, prefix: string) {
  return Promise.all(
    fc.sample(randomTree, { numRuns: someTrees, seed: seed + 1 }).map(async (tree, index) => ({
      root: await unpacked(directory, `${prefix}${index}`, tree),
      access: model(tree.lines, { xattrs: tree.xattrs }),
      tree,
    })),
  );
}

/** The probe's Node as programs that gain something, with who runs it then by the model. */
async function gainingPrograms(
  directory: string,
  plain: Identity,
): Promise<readonly { readonly name: string; readonly gained: Identity }[]> {
  // dac_override and fowner, effective: as `setcap cap_dac_override,cap_fowner+ep`
  const attribute = Buffer.from("010000020a00000000000000000000000000000000", "hex").subarray(
    0,
    20,
  );
  const programs = [
    { name: "as-user", mode: 0o4755, uid: 1001, gid: 0, xattrs: new Map<string, Uint8Array>() },
    { name: "as-group", mode: 0o2755, uid: 0, gid: 2001, xattrs: new Map<string, Uint8Array>() },
    { name: "locking", mode: 0o2745, uid: 0, gid: 2001, xattrs: new Map<string, Uint8Array>() },
    {
      name: "capable",
      mode: 0o755,
      uid: 0,
      gid: 0,
      xattrs: new Map([["security.capability", attribute]]),
    },
  ];
  const body = await readFile(process.execPath);
  await extracted(
    directory,
    programs.map(({ name, ...attributes }) => ({
      entry: { path: name, type: "file", size: body.length, mtime: 1, ...attributes },
      body,
    })),
  );
  return programs.map(({ name, ...node }) => {
    const decoded = decodeFileCapabilities(
      node.xattrs.get("security.capability") ?? Buffer.alloc(0),
    );
    const capabilities = decoded.answer === "capabilities" ? decoded.value.permitted : [];
    return { name, gained: { ...withSetId(plain, node), capabilities } };
  });
}
