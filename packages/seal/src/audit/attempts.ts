import type { TreeNode } from "@lithify/oci";
import { decide } from "../access/decide.ts";
import type { RouteName } from "../access/finding.ts";
import type { AccessModel } from "../access/model.ts";
import type { ObjectAttempt, Operation } from "../access/operation.ts";
import type { Identity } from "../identity/identity.ts";
import { isWithin } from "../policy/resolve.ts";
import { sideAttempts } from "./side-attempts.ts";

/** Files outside the strict trees that the model holds for unchangeable, of which this many are tried, evenly spread. */
export const sampleLimit = 2000;

/**
 * What the proof tries live, in tree order. In strict trees every operation on every object; of
 * everything else protected: every directory, every object that the model says is changeable,
 * every dangling link, and a sample of the rest. Then `sideAttempts`. Not tried: what lies in writable paths, and what
 * an engine mounts or writes itself (`/proc`, `/sys`, `/dev`, `/etc/hosts`, …).
 */
export function* attemptsFor(model: AccessModel, identity: Identity): Iterable<ObjectAttempt> {
  const numbers = model.protectedNumbers().filter((number) => !isEngines(pathOf(model, number)));
  const plain = numbers.filter((number) => isPlainFile(model, identity, number));
  const step = Math.max(1, Math.ceil(plain.length / sampleLimit));
  const sample = new Set(plain.filter((_, index) => index % step === 0));
  const skipped = new Set(plain.filter((number) => !sample.has(number)));
  for (const number of numbers) {
    if (skipped.has(number)) continue;
    const node = model.node(number);
    if (node === undefined) continue;
    for (const [operation, route] of operationsOn(model, node)) {
      const { answer } = decide(model, identity, operation, node.path);
      yield { route, operation, path: node.path, identity: identity.name, expected: answer };
    }
  }
  yield* sideAttempts(model, identity, numbers);
}

function operationsOn(
  model: AccessModel,
  node: TreeNode,
): readonly (readonly [Operation, RouteName])[] {
  const strict = model.protectionOf(node.path) === "strict";
  const above = model.policy.trees.some((tree) => isWithin(tree.path, node.path));
  const replace = ["rename", above && !strict ? "swap-ancestor" : "replace"] as const;
  const own = [
    ["chgrp", "chown"],
    ["utimes", "times"],
  ] as const;
  switch (node.type) {
    case "directory":
      return [
        ["create", node.mode & 0o1000 ? "sticky" : "add"],
        ...(strict
          ? ([
              ["mkdir", "add"],
              ["symlink", "add"],
            ] as const)
          : []),
        ["tmpfile-link", "tmpfile-link"],
        ...(node.path === "/" ? [] : [replace]),
        ["chmod", "chmod"],
        ...(strict ? own : []),
      ];
    case "symlink":
      return [
        ...(isDangling(model, node) ? ([["link-target", "link-target"]] as const) : []),
        replace,
        ...own,
      ];
    case "file":
      return [["open-write", "content"], replace, ["chmod", "chmod"], ...(strict ? own : [])];
    case "fifo":
    case "socket":
    case "character":
    case "block":
      return [["access-write", "special"], replace, ["chmod", "chmod"]];
  }
}

/** Outside the strict trees, and nothing that the model says can be changed. */
function isPlainFile(model: AccessModel, identity: Identity, number: number): boolean {
  const node = model.node(number);
  if (node?.type !== "file" || model.protectionOf(node.path) === "strict") return false;
  const view = model.viewOf(identity);
  return (
    view.writable(number) === "no" &&
    view.replaceable(number) === "no" &&
    view.owned(number) === "no"
  );
}

function isDangling(model: AccessModel, node: TreeNode): boolean {
  const found = model.tree.resolve(node.path);
  return found.answer === "missing" && !isEngines(found.nearest.path);
}

/** Mounted or written by every engine, so that what the image holds there is not seen. */
function isEngines(path: string): boolean {
  return enginePaths.some((top) => isWithin(path, top));
}

function pathOf(model: AccessModel, number: number): string {
  return model.node(number)?.path ?? "/";
}

const enginePaths = [
  "/.dockerenv",
  "/dev",
  "/etc/hostname",
  "/etc/hosts",
  "/etc/resolv.conf",
  "/proc",
  "/run/.containerenv",
  "/sys",
];
