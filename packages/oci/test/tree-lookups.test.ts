import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeName } from "../src/tar/name-bytes.ts";
import { packTree, unpackTree } from "../src/tree/columns.ts";
import { parentOf, treeFromNodes } from "../src/tree/merged-tree.ts";
import type { TreeNode } from "../src/tree/tree.ts";

/** Few letters, so that names are beginnings of each other; bytes below and above the slash, and none of UTF-8. */
const name = fc
  .array(fc.constantFrom(0x2d, 0x61, 0x62, 0xc3, 0xa9, 0xff), { minLength: 1, maxLength: 3 })
  .map((bytes) => decodeName(Buffer.from(bytes)));
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => `/${names.join("/")}`);
const paths = fc.uniqueArray(path, { maxLength: 40 });

function treeOf(given: readonly string[]) {
  return treeFromNodes(
    given.map((each, inode): TreeNode => {
      const isAbove = given.some((other) => other.startsWith(`${each}/`));
      const type = isAbove ? "directory" : "file";
      const attributes = { mode: 0o755, uid: 0, gid: 0, size: 0, xattrs: new Map(), mtime: 0 };
      return { path: each, type, ...attributes, inode, layer: 0 };
    }),
  );
}

test("an object is found by its path alone, by the first lookups as by the last", () => {
  fc.assert(
    fc.property(paths, paths, (given, others) => {
      const tree = treeOf(given);
      const nodes = [...tree];
      const numbers = new Map(nodes.map((node, number) => [node.path, number]));
      for (const each of [...others, ...numbers.keys(), ...others]) {
        expect(treeOf(given).numberOf(each)).toBe(numbers.get(each));
        expect(tree.numberOf(each)).toBe(numbers.get(each));
        expect(tree.at(each)).toBe(nodes[numbers.get(each) ?? -1]);
      }
    }),
    { numRuns: 50 },
  );
});

test("the parents and the names of a directory are those of the paths, in byte order", () => {
  fc.assert(
    fc.property(paths, (given) => {
      const tree = treeOf(given);
      const all = [...tree].map((node) => node.path);
      expect([...tree.parents()]).toEqual(all.map((each) => all.indexOf(parentOf(each))));
      for (const each of [...all, "/none"]) {
        const below = all.filter((other) => other !== "/" && parentOf(other) === each);
        expect(tree.names(each)).toEqual(
          below.map((other) => other.slice(other.lastIndexOf("/") + 1)),
        );
      }
    }),
  );
});

test("a tree out of columns answers as the one that went in, whatever is asked first", () => {
  fc.assert(
    fc.property(paths, paths, fc.infiniteStream(fc.nat()), (given, others, order) => {
      const tree = treeOf(given);
      const { tree: kept } = unpackTree(packTree(tree, new Map()));
      const nodes = [...tree];
      expect(kept.size).toBe(tree.size);
      expect(kept.node(nodes.length)).toBeUndefined();
      expect([...kept.parents()]).toEqual([...tree.parents()]);
      for (const number of [...order.take(9)].map((each) => each % nodes.length)) {
        const { path: at } = nodes[number] as TreeNode;
        expect(kept.node(number)).toEqual(nodes[number]);
        expect(kept.node(number)).toBe(kept.at(at));
        expect(kept.names(at)).toEqual(tree.names(at));
      }
      for (const each of others) {
        expect(kept.numberOf(each)).toBe(tree.numberOf(each));
        expect(kept.resolve(each)).toEqual(tree.resolve(each));
      }
      const { kinds, kindOf } = kept.kinds();
      nodes.forEach((node, number) => {
        expect(node).toMatchObject(kinds[kindOf[number] as number] as object);
      });
      expect([...kept]).toEqual(nodes);
    }),
    { numRuns: 50 },
  );
});
