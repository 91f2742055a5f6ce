import fc from "fast-check";
import { expect, test } from "vitest";
import { decide } from "../src/access/decide.ts";
import { type AccessModel, modelOf, protectionIn } from "../src/access/model.ts";
import type { Operation } from "../src/access/operation.ts";
import { auditModel } from "../src/audit/audit.ts";
import type { Identity } from "../src/identity/identity.ts";
import type { RuleCode } from "../src/policy/rule-codes.ts";
import { configOf, everything, treeOf } from "./fixture.ts";
import { people, randomTree } from "./random-tree.ts";

/** A random tree of which some directories may be written: every third, from the given one on. */
const randomModel = fc.tuple(randomTree, fc.nat(3)).map(([{ lines, xattrs }, first]) => {
  const tree = treeOf(lines, xattrs);
  const directories = [...tree].filter(({ type, path }) => type === "directory" && path !== "/");
  const writable = directories.filter((_, index) => index % 3 === first).map(({ path }) => path);
  return modelOf({ tree, config: configOf(), policy: { ...everything, writable } });
});

test("what is protected is the same by object and by path", () => {
  fc.assert(
    fc.property(randomModel, (model) => {
      const byPath = [...model.tree].map(({ path }) => protectionIn(model.policy, path));
      const numbers = (wanted: boolean) =>
        byPath.flatMap((found, number) => ((found === "writable") === wanted ? [number] : []));
      expect(model.protectedNumbers()).toEqual(numbers(false));
      expect(model.writableNumbers()).toEqual(numbers(true));
    }),
  );
});

/** What decides object by object, and the rules that look at each kind of object once. */
const decisions: readonly (readonly [Operation, readonly RuleCode[]])[] = [
  ["open-write", ["LI-CONTENT", "LI-ACL"]],
  ["create", ["LI-ADD", "LI-STICKY"]],
  ["rename", ["LI-REPLACE"]],
  ["utimes", ["LI-OWNER"]],
  ["access-write", ["LI-SPECIAL"]],
];

test("rules find every object that a decision of its own allows to change, and no other", () => {
  fc.assert(
    fc.property(randomModel, (model) => {
      for (const who of people) {
        const { findings } = auditModel(model, [who], new Date(0));
        for (const [operation, rules] of decisions) {
          const found = findings.filter(({ rule }) => rules.includes(rule));
          const paths = found.flatMap(({ path, alsoPaths = [] }) => [path, ...alsoPaths]);
          const isOfType = (path: string) =>
            operation !== "open-write" || model.tree.at(path)?.type === "file";
          expect([...new Set(paths.filter(isOfType))].sort(), operation).toEqual(
            changeable(model, who, operation).sort(),
          );
        }
      }
    }),
    { numRuns: 300 },
  );
});

function changeable(model: AccessModel, who: Identity, operation: Operation): string[] {
  const isAllowed = (path: string) => decide(model, who, operation, path).answer === "allowed";
  return model.protectedNumbers().flatMap((number) => {
    const node = model.node(number);
    if (node === undefined) return [];
    // A name is what is renamed or made; a file is changed by any of its names
    const names = operation === "rename" ? [node.path] : model.tree.linksOf(node);
    return names.some(isAllowed) ? [node.path] : [];
  });
}
