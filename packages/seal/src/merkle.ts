import { createHash } from "node:crypto";
import { Fault } from "@lithify/fault";
import { compareNames, type Digest, encodeName, parseDigest, type TreeNode } from "@lithify/oci";

/**
 * The Merkle root over these objects, in the byte order of their paths: type, mode, owner, size,
 * content, link target, device, hard links and xattrs, not the mtime. The byte format is in the
 * README; the shape of the tree is that of RFC 6962, section 2.1. Throws Fault SEAL_INVALID for a
 * file whose content was not hashed, or a path that comes twice.
 */
export function merkleRoot(nodes: Iterable<TreeNode>): Digest {
  const sorted = [...nodes].sort((a, b) => compareNames(a.path, b.path));
  const firstNames = new Map<number, string>();
  const root = new RootHasher();
  let before: string | undefined;
  for (const node of sorted) {
    if (node.path === before) throw unhashable(node.path, "it comes twice");
    before = node.path;
    const first = node.type === "directory" ? undefined : firstNames.get(node.inode);
    if (first === undefined) firstNames.set(node.inode, node.path);
    root.add(hash(leafPrefix, recordOf(node, first)));
  }
  return parseDigest(`sha256:${root.finish().toString("hex")}`);
}

const leafPrefix = Buffer.of(0);
const innerPrefix = Buffer.of(1);

/** Combines leaf hashes as they come: a stack of perfect subtrees, the largest first. */
class RootHasher {
  readonly #stack: { readonly hash: Buffer; readonly leaves: number }[] = [];

  add(leaf: Buffer): void {
    this.#stack.push({ hash: leaf, leaves: 1 });
    while (this.#stack.at(-1)?.leaves === this.#stack.at(-2)?.leaves) this.#joinTop();
  }

  finish(): Buffer {
    if (this.#stack.length === 0) return createHash("sha256").digest();
    while (this.#stack.length > 1) this.#joinTop();
    return this.#stack[0]?.hash ?? Buffer.alloc(0);
  }

  #joinTop(): void {
    const right = this.#stack.pop();
    const left = this.#stack.pop();
    if (left === undefined || right === undefined) return;
    this.#stack.push({
      hash: hash(innerPrefix, left.hash, right.hash),
      leaves: left.leaves + right.leaves,
    });
  }
}

/** Every field as four bytes of length, big-endian, and that many bytes. */
function recordOf(node: TreeNode, firstName: string | undefined): Buffer {
  if (node.type === "file" && node.digest === undefined) {
    throw unhashable(node.path, "its content was not read");
  }
  const xattrs = [...node.xattrs].sort(([a], [b]) => compareNames(a, b));
  const values: (string | Uint8Array)[] = [
    encodeName(node.path),
    node.type,
    String(node.mode),
    String(node.uid),
    String(node.gid),
    String(node.size),
    node.digest ?? "",
    node.target === undefined ? "" : encodeName(node.target),
    node.device === undefined ? "" : `${node.device.major}:${node.device.minor}`,
    firstName === undefined ? "" : encodeName(firstName),
    ...xattrs.flatMap(([name, value]) => [encodeName(name), value]),
  ];
  return Buffer.concat(values.flatMap(withLength));
}

function withLength(value: string | Uint8Array): readonly Uint8Array[] {
  const bytes = typeof value === "string" ? Buffer.from(value, "utf8") : value;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return [length, bytes];
}

function hash(...parts: readonly Uint8Array[]): Buffer {
  const sum = createHash("sha256");
  for (const part of parts) sum.update(part);
  return sum.digest();
}

function unhashable(path: string, why: string): Fault {
  return new Fault("SEAL_INVALID", "the Merkle root of a tree", { why, values: { path } });
}
