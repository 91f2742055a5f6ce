import { rm } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { model } from "./fixture.ts";
import {
  type Case,
  casesOf,
  disagreements,
  probeDirectory,
  reasonToSkip,
  run,
  unpacked,
} from "./kernel-world.ts";
import { people, type RandomTree, randomTree } from "./random-tree.ts";

/** The directory bound to itself, read-only or not, or an empty file system over it. */
type MountKind = "read-only" | "writable" | "empty";

interface Mount {
  readonly point: string;
  readonly kind: MountKind;
}

const trees = Number(process.env.LITHIFY_MOUNTED_TREES ?? "40");
const seed = Number(process.env.LITHIFY_SEED ?? "20240611");

const mountedTree = fc
  .tuple(
    randomTree,
    fc.array(
      fc.record({
        at: fc.nat(20),
        kind: fc.constantFrom<MountKind>("read-only", "read-only", "writable", "empty"),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  )
  .map(([tree, wanted]) => ({ tree, mounts: mountsOf(tree, wanted) }));

const missing = reasonToSkip();
if (missing !== undefined)
  process.stderr.write(`skipped: the model under mounts against the kernel: ${missing}\n`);

describe.skipIf(missing !== undefined)("the model under mounts against the kernel", () => {
  let directory: string;
  let node: string;

  beforeAll(async () => {
    ({ directory, node } = await probeDirectory());
  });

  afterAll(() => rm(directory, { recursive: true, force: true }));

  test("mounts take away what the model allows, and give nothing", async () => {
    const worlds = await Promise.all(
      fc.sample(mountedTree, { numRuns: trees, seed }).map(async ({ tree, mounts }, index) => {
        const root = await unpacked(directory, `m${index}`, tree);
        const mounted = mounts.map(({ point, kind }) => ({ point: join(root, point), kind }));
        return { root, tree, mounted, access: model(tree.lines, { xattrs: tree.xattrs }) };
      }),
    );
    const lines = worlds.flatMap(({ mounted }) => mounted.flatMap(linesOf));
    let taken = 0;
    let kept = 0;
    for (const who of people) {
      const before = worlds.flatMap(({ root, tree, access }) => casesOf(access, who, root, tree));
      const cases = worlds.flatMap(({ root, tree, access, mounted }) =>
        casesOf(access, who, root, tree).map((each) => under(mounted, each)),
      );
      const observed = await run(node, directory, who, cases, undefined, lines);
      const answers = observed.map((answer, index) => asDenied(answer, cases[index] as Case));
      expect(disagreements(cases, answers)).toEqual([]);
      taken += cases.filter(({ expected }, n) => expected !== before[n]?.expected).length;
      kept += cases.filter(({ expected }) => expected === "allowed").length;
    }
    process.stdout.write(`under mounts: ${taken} answers taken away, ${kept} left\n`);
    expect(Math.min(taken, kept)).toBeGreaterThan(100);
  }, 300_000);
});

/** Directories of the tree, outer ones first, each once, none that an empty file system hides. */
function mountsOf(
  tree: RandomTree,
  wanted: readonly { readonly at: number; readonly kind: MountKind }[],
): readonly Mount[] {
  const directories = tree.lines
    .filter((line) => line.startsWith("d ") && !line.endsWith(" /"))
    .map((line) => line.slice(line.lastIndexOf(" ") + 1));
  const byPoint = new Map<string, MountKind>();
  for (const { at, kind } of wanted) {
    const point = directories[at % Math.max(1, directories.length)];
    if (point !== undefined) byPoint.set(point, kind);
  }
  const mounts = [...byPoint].map(([point, kind]) => ({ point, kind }));
  mounts.sort((one, other) => one.point.length - other.point.length);
  return mounts.filter(
    ({ point }) =>
      !mounts.some((outer) => outer.kind === "empty" && point.startsWith(`${outer.point}/`)),
  );
}

function linesOf({ point, kind }: Mount): readonly string[] {
  const quoted = `'${point}'`;
  if (kind === "empty") return [`mount -t tmpfs -o mode=755 none ${quoted}`];
  const way = kind === "read-only" ? "ro" : "rw";
  return [`mount --bind ${quoted} ${quoted}`, `mount -o remount,bind,${way} ${quoted}`];
}

/** What the kernel has to say then: the model's answer, or less. */
function under(mounted: readonly Mount[], each: Case): Case {
  // a name is that of the file system which holds it, not of the one that is mounted there
  const isName = each.operation === "rename";
  const around = mounted.filter(
    ({ point }) => each.path.startsWith(`${point}/`) || (each.path === point && !isName),
  );
  const innermost = around.at(-1)?.kind ?? "writable";
  const about = `${each.about}\n${mounted.map(({ point, kind }) => `${kind} at ${point}`).join("\n")}`;
  const isBusy = each.operation === "rename" && mounted.some(({ point }) => point === each.path);
  // writing to a pipe changes nothing of its file system
  const isLeft =
    innermost === "writable" || (innermost === "read-only" && each.operation === "access-write");
  return { ...each, about, expected: isLeft && !isBusy ? each.expected : "denied" };
}

/** A mount point cannot be renamed, and what is hidden is not there: both are as good as denied. */
function asDenied(answer: string, { expected }: Case): string {
  return expected === "denied" && /^inconclusive (?:EBUSY|ENOENT) /.test(answer)
    ? "denied"
    : answer;
}
