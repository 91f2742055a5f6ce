import type { Tree } from "@lithify/oci";
import type { Policy } from "../policy/policy.ts";

/**
 * By object number, 1 for what the policy declares writable: as `protectionIn` says of every path, in one pass. Links in
 * the policy's paths are not followed: it is resolved.
 */
export function writableMarks(tree: Tree, policy: Pick<Policy, "writable">): Uint8Array {
  const marks = new Uint8Array(tree.size);
  for (const top of policy.writable) {
    const number = tree.numberOf(top);
    if (number !== undefined) marks[number] = 1;
  }
  if (!marks.includes(1)) return marks;
  const parents = tree.parents();
  for (let number = 1; number < marks.length; number++) {
    if (marks[parents[number] as number] === 1) marks[number] = 1;
  }
  return marks;
}
