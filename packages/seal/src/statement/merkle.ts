import { hash } from "node:crypto";
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
  const record = new RecordBytes();
  let before: string | undefined;
  for (const node of sorted) {
    if (node.path === before) throw unhashable(node.path, "it comes twice");
    before = node.path;
    const first = node.type === "directory" ? undefined : firstNames.get(node.inode);
    if (first === undefined) firstNames.set(node.inode, node.path);
    root.add(sha256(recordOf(record, node, first)));
  }
  return parseDigest(`sha256:${root.finish().toString("hex")}`);
}

const leafPrefix = 0;
const innerPrefix = 1;

/** Combines leaf hashes as they come: a stack of perfect subtrees, the largest first. */
class RootHasher {
  readonly #stack: { readonly hash: Buffer; readonly leaves: number }[] = [];
  readonly #inner = Buffer.alloc(65, innerPrefix);

  add(leaf: Buffer): void {
    this.#stack.push({ hash: leaf, leaves: 1 });
    while (this.#stack.at(-1)?.leaves === this.#stack.at(-2)?.leaves) this.#joinTop();
  }

  finish(): Buffer {
    if (this.#stack.length === 0) return sha256(Buffer.alloc(0));
    while (this.#stack.length > 1) this.#joinTop();
    return this.#stack[0]?.hash ?? Buffer.alloc(0);
  }

  #joinTop(): void {
    const right = this.#stack.pop();
    const left = this.#stack.pop();
    if (left === undefined || right === undefined) return;
    this.#inner.set(left.hash, 1);
    this.#inner.set(right.hash, 33);
    this.#stack.push({ hash: sha256(this.#inner), leaves: left.leaves + right.leaves });
  }
}

/** The prefix of a leaf, then every field as four bytes of length, big-endian, and that many bytes. */
function recordOf(record: RecordBytes, node: TreeNode, firstName: string | undefined): Buffer {
  if (node.type === "file" && node.digest === undefined) {
    throw unhashable(node.path, "its content was not read");
  }
  record.begin();
  record.text(node.path);
  record.text(node.type);
  record.text(String(node.mode));
  record.text(String(node.uid));
  record.text(String(node.gid));
  record.text(String(node.size));
  record.text(node.digest ?? "");
  record.text(node.target ?? "");
  record.text(node.device === undefined ? "" : `${node.device.major}:${node.device.minor}`);
  record.text(firstName ?? "");
  if (node.xattrs.size > 0) {
    for (const [name, value] of [...node.xattrs].sort(([a], [b]) => compareNames(a, b))) {
      record.text(name);
      record.bytes(value);
    }
  }
  return record.end();
}

/** One buffer for all records, one after another: a hundred thousand of them make no garbage. */
class RecordBytes {
  #bytes = Buffer.alloc(8192);
  #end = 0;

  begin(): void {
    this.#bytes[0] = leafPrefix;
    this.#end = 1;
  }

  text(value: string): void {
    if (beyondAscii.test(value)) {
      this.bytes(encodeName(value));
      return;
    }
    this.#reserve(value.length + 4);
    this.#bytes.writeUInt32BE(value.length, this.#end);
    this.#bytes.write(value, this.#end + 4, "latin1");
    this.#end += value.length + 4;
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length + 4);
    this.#bytes.writeUInt32BE(value.length, this.#end);
    this.#bytes.set(value, this.#end + 4);
    this.#end += value.length + 4;
  }

  end(): Buffer {
    return this.#bytes.subarray(0, this.#end);
  }

  #reserve(length: number): void {
    if (this.#end + length <= this.#bytes.length) return;
    const larger = Buffer.alloc((this.#end + length) * 2);
    larger.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = larger;
  }
}

const beyondAscii = /[^\0-\x7f]/;

function sha256(bytes: Uint8Array): Buffer {
  return hash("sha256", bytes, "buffer");
}

function unhashable(path: string, why: string): Fault {
  return new Fault("SEAL_INVALID", "the Merkle root of a tree", { why, values: { path } });
}
