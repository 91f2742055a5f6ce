import fc from "fast-check";
import type { Identity } from "../src/identity/identity.ts";
import { identity, type Line, type Xattrs } from "./fixture.ts";

export interface RandomTree {
  readonly lines: readonly Line[];
  readonly xattrs: Xattrs;
}

/** Who the random trees are tried for: owner, group member, both, neither, group 0. */
export const people: readonly Identity[] = [
  identity(1001, 2001, [2001]),
  identity(1002, 2001, [2001, 2002]),
  identity(1003, 0, [0]),
  identity(1004, 2003, [2003]),
];

interface Step {
  readonly parent: number;
  readonly type: "d" | "f" | "l" | "p" | "h";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly target: number;
  readonly acl: AclSteps | undefined;
}

interface AclSteps {
  readonly user: number | undefined;
  readonly group: number | undefined;
  readonly owningGroup: number;
  readonly mask: number;
}

const uids = [0, 1001, 1002] as const;
const gids = [0, 2001, 2002] as const;

const bits = fc.constantFrom(0o7, 0o7, 0o5, 0o5, 0o1, 0o3, 0o6, 0o4, 0o0);
const mode = fc
  .tuple(fc.constantFrom(0, 0, 0o1000), bits, bits, bits)
  .map(([special, u, g, o]) => special | (u << 6) | (g << 3) | o);
const id = (ids: readonly number[]) => fc.constantFrom(...ids);
const acl: fc.Arbitrary<AclSteps> = fc.record({
  user: fc.option(fc.nat(7), { nil: undefined }),
  group: fc.option(fc.nat(7), { nil: undefined }),
  owningGroup: fc.nat(7),
  mask: fc.nat(7),
});

const step: fc.Arbitrary<Step> = fc.record({
  parent: fc.nat(20),
  type: fc.constantFrom("d", "d", "d", "f", "f", "f", "l", "p", "h"),
  mode,
  uid: id(uids),
  gid: id(gids),
  target: fc.nat(20),
  acl: fc.option(acl, { nil: undefined, freq: 2 }),
});

/** Small trees of everything that a layer may hold: directories, files, links of both kinds, fifos, sticky bits, ACLs. */
export const randomTree: fc.Arbitrary<RandomTree> = fc
  .array(step, { minLength: 2, maxLength: 12 })
  .map(treeFromSteps);

interface Growing {
  readonly lines: Line[];
  readonly xattrs: Record<string, Record<string, Uint8Array>>;
  readonly directories: string[];
  readonly files: string[];
}

function treeFromSteps(steps: readonly Step[]): RandomTree {
  const growing: Growing = {
    lines: ["d 0755 0:0 /"],
    xattrs: {},
    directories: ["/"],
    files: [],
  };
  steps.forEach((each, index) => {
    grow(growing, each, index);
  });
  return growing;
}

function grow(tree: Growing, each: Step, index: number): void {
  const parent = tree.directories[each.parent % tree.directories.length] ?? "/";
  const path = `${parent === "/" ? "" : parent}/${each.type}${index}`;
  const owner = `${each.uid}:${each.gid}`;
  const first = tree.files[each.target % Math.max(1, tree.files.length)];
  if (each.type === "h" && first !== undefined) {
    tree.lines.push(`h ${path} -> ${first}`);
  } else if (each.type === "l") {
    const target = each.target % 2 === 0 ? `missing${index}` : ".";
    tree.lines.push(`l 0777 ${owner} ${path} -> ${target}`);
  } else {
    growObject(tree, each, path);
  }
}

function growObject(tree: Growing, each: Step, path: string): void {
  const kind = each.type === "h" ? "f" : each.type;
  let bits = kind === "d" ? each.mode : each.mode & 0o777;
  if (each.acl !== undefined) {
    bits = (bits & ~0o070) | (each.acl.mask << 3);
    tree.xattrs[path] = { "system.posix_acl_access": aclBytes(bits, each.acl) };
  }
  if (kind === "d") tree.directories.push(path);
  if (kind === "f") tree.files.push(path);
  tree.lines.push(`${kind} ${bits.toString(8).padStart(4, "0")} ${each.uid}:${each.gid} ${path}`);
}

/** The xattr form of an ACL for uid 1001 and gid 2002. */
export function aclBytes(modeBits: number, steps: AclSteps): Buffer {
  const entries: (readonly [number, number, number])[] = [
    [0x01, (modeBits >> 6) & 7, 0xffffffff],
    ...(steps.user === undefined ? [] : ([[0x02, steps.user, 1001]] as const)),
    [0x04, steps.owningGroup, 0xffffffff],
    ...(steps.group === undefined ? [] : ([[0x08, steps.group, 2002]] as const)),
    [0x10, (modeBits >> 3) & 7, 0xffffffff],
    [0x20, modeBits & 7, 0xffffffff],
  ];
  const bytes = Buffer.alloc(4 + entries.length * 8);
  bytes.writeUInt32LE(2, 0);
  entries.forEach(([tag, permissions, entryId], index) => {
    bytes.writeUInt16LE(tag, 4 + index * 8);
    bytes.writeUInt16LE(permissions, 6 + index * 8);
    bytes.writeUInt32LE(entryId, 8 + index * 8);
  });
  return bytes;
}
