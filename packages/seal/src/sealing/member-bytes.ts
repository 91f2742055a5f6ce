import { encodeName, type TreeNode } from "@lithify/oci";

/** Bytes of one member: header, extension header where names or attributes need one, padded content. */
export function memberBytes(node: TreeNode): number {
  const records = [...node.xattrs].reduce(
    (total, [name, value]) => total + Buffer.byteLength(name) + value.length + 32,
    encodeName(node.path).length > 100 ? encodeName(node.path).length + 16 : 0,
  );
  const extension = records === 0 ? 0 : blockSize + padded(records);
  return blockSize + extension + (node.type === "file" ? padded(node.size) : 0);
}

/** Bytes of a tar block. */
export const blockSize = 512;

function padded(size: number): number {
  return Math.ceil(size / blockSize) * blockSize;
}
