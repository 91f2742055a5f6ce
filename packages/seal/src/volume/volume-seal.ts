import { Fault } from "@lithify/fault";
import {
  type Digest,
  isDigest,
  type NodeType,
  type Tree,
  type TreeNode,
  treeFromNodes,
} from "@lithify/oci";
import type { Identity } from "../identity/identity.ts";
import type { Policy } from "../policy/policy.ts";
import { canonicalJson } from "../statement/canonical-json.ts";
import { merkleRoot } from "../statement/merkle.ts";
import { volumeLimits } from "./erofs-read.ts";
import { invalidVolume } from "./volume-fault.ts";

/** What a volume says of itself: the same words as an image's statement, and every object, so that a change has a path. */
export interface VolumeSeal {
  readonly version: 1;
  /** Merkle root over every object of the volume, the directories above its trees included. */
  readonly root: Digest;
  /** Where in an image its trees belong: absolute paths, sorted, none within another. */
  readonly trees: readonly string[];
  readonly policy: Policy;
  readonly identities: readonly Identity[];
  readonly objects: readonly SealedObject[];
}

/** One object, as in TreeNode; what does not apply is absent. */
interface SealedObject {
  readonly path: string;
  readonly type: NodeType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly size?: number;
  readonly digest?: Digest;
  readonly target?: string;
  readonly device?: { readonly major: number; readonly minor: number };
  /** Base64 by name. */
  readonly xattrs?: Readonly<Record<string, string>>;
  /** The first path of the same object. */
  readonly link?: string;
}

/** Bytes of a volume's seal at most. */
export const volumeSealLimit = 512 * 1024 * 1024;

export function volumeSealOf(
  tree: Tree,
  about: Pick<VolumeSeal, "trees" | "policy" | "identities">,
): VolumeSeal {
  const objects = [...tree].map((node) => objectOf(node, tree));
  return { version: 1, root: merkleRoot(tree), ...about, objects };
}

export function volumeSealBytes(seal: VolumeSeal): Buffer {
  return Buffer.from(`${canonicalJson(seal)}\n`, "utf8");
}

/** A seal that agrees with itself: its form is right, and its root is that of its objects. Throws Fault VOLUME_INVALID. */
export function parseVolumeSeal(bytes: Buffer): { readonly seal: VolumeSeal; readonly tree: Tree } {
  if (bytes.length > volumeSealLimit) throw invalidVolume("its seal is larger than 512 MiB");
  let document: unknown;
  try {
    document = JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw new Fault("VOLUME_INVALID", "the seal of a volume", { why: "it is not JSON", cause });
  }
  if (!isSeal(document)) {
    throw invalidVolume("a field of its seal is missing or has a wrong form");
  }
  if (!volumeSealBytes(document).equals(bytes)) {
    throw invalidVolume("its seal is not written as lithify does it");
  }
  const tree = treeOf(document.objects);
  const root = merkleRoot(tree);
  if (tree.size !== document.objects.length || root !== document.root) {
    const values = { stated: document.root, found: root };
    throw invalidVolume("the root in its seal is not that of the objects in it", values);
  }
  if (document.trees.some((path) => tree.at(path)?.type !== "directory")) {
    throw invalidVolume("its seal names a tree that is not among its objects");
  }
  return { seal: document, tree };
}

/** The first path whose time differs: times are in no Merkle root. */
export function otherTime(sealed: Tree, found: Tree): string | undefined {
  return [...sealed].find(({ path, mtime }) => found.at(path)?.mtime !== mtime)?.path;
}

function objectOf(node: TreeNode, tree: Tree): SealedObject {
  const { path, type, mode, uid, gid, size, digest, target, device, xattrs } = node;
  const first = type === "directory" ? path : (tree.linksOf(node)[0] ?? path);
  const encoded = [...xattrs].map(([name, value]) => [name, Buffer.from(value).toString("base64")]);
  return {
    ...{ path, type, mode, uid, gid, mtime: Math.floor(node.mtime) },
    ...(digest === undefined ? {} : { size, digest }),
    ...(target === undefined ? {} : { target }),
    ...(device === undefined ? {} : { device }),
    ...(encoded.length === 0 ? {} : { xattrs: Object.fromEntries(encoded) }),
    ...(first === path ? {} : { link: first }),
  };
}

function treeOf(objects: readonly SealedObject[]): Tree {
  const numbers = new Map(objects.map(({ path }, index) => [path, index + 1]));
  return treeFromNodes(
    objects.map((object) => {
      const { path, type, mode, uid, gid, mtime, size = 0, digest, target, device } = object;
      const values = Object.entries(object.xattrs ?? {});
      return {
        ...{ path, type, mode, uid, gid, mtime, size, layer: -1 },
        ...(digest === undefined ? {} : { digest }),
        ...(target === undefined ? {} : { target }),
        ...(device === undefined ? {} : { device }),
        xattrs: new Map(values.map(([name, value]) => [name, Buffer.from(value, "base64")])),
        inode: numbers.get(object.link ?? path) ?? 0,
      };
    }),
  );
}

const types = ["file", "directory", "symlink", "fifo", "character", "block", "socket"];

function isSeal(value: unknown): value is VolumeSeal {
  if (!isRecord(value)) return false;
  const { version, root, trees, policy, identities, objects } = value;
  return (
    version === 1 &&
    typeof root === "string" &&
    isDigest(root) &&
    Array.isArray(trees) &&
    trees.length > 0 &&
    trees.every(isPath) &&
    isRecord(policy) &&
    [policy.trees, policy.writable, policy.identities].every(Array.isArray) &&
    Array.isArray(policy.writable) &&
    policy.writable.every(isPath) &&
    Array.isArray(identities) &&
    Array.isArray(objects) &&
    objects.length <= volumeLimits.objects &&
    objects.every(isObject)
  );
}

function isObject(value: unknown): value is SealedObject {
  if (!isRecord(value)) return false;
  const { path, type, mode, uid, gid, mtime, size, digest, target, device, xattrs, link } = value;
  return (
    isPath(path) &&
    typeof type === "string" &&
    types.includes(type) &&
    isWhole(mode, 0o7777) &&
    isWhole(uid, 0xffff_ffff) &&
    isWhole(gid, 0xffff_ffff) &&
    Number.isSafeInteger(mtime) &&
    (type === "file") === (typeof digest === "string" && isDigest(digest)) &&
    (type === "file") === isWhole(size, Number.MAX_SAFE_INTEGER) &&
    (type === "symlink") === (typeof target === "string") &&
    (device === undefined ||
      (isRecord(device) && isWhole(device.major, 0xfff) && isWhole(device.minor, 0xfffff))) &&
    (xattrs === undefined ||
      (isRecord(xattrs) && Object.values(xattrs).every((each) => typeof each === "string"))) &&
    (link === undefined || isPath(link))
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isWhole(value: unknown, most: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most;
}

/** Absolute, without an empty part, `.` and `..`. */
function isPath(value: unknown): value is string {
  if (typeof value !== "string" || !value.startsWith("/") || value.includes("\0")) return false;
  if (value === "/") return true;
  return value
    .slice(1)
    .split("/")
    .every((part) => part !== "" && part !== "." && part !== "..");
}
