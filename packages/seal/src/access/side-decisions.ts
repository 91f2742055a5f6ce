import type { TreeNode } from "@lithify/oci";
import { accessAclName } from "./acl.ts";
import { directorySteps, effect, type Question, reachSteps, verdict } from "./decision-steps.ts";
import { ownerText, permissionText } from "./describe.ts";
import type { Answer } from "./identity-view.ts";
import type { Decision, Operation } from "./operation.ts";
import { ownsLike, permissionOf, read, write } from "./permission.ts";

/** Operations beside an object's content, name and mode: a further name, attributes, the ACL, inode flags (routes 10, 11, 13). */
export type SideOperation = Extract<
  Operation,
  "link" | "set-attribute" | "remove-acl" | "same-flags"
>;

/** What decides one of them, for an object that it fits. */
export function sideDecision(ask: Question, operation: SideOperation): Decision {
  switch (operation) {
    case "link":
      return linking(ask);
    case "set-attribute":
      return settingAttribute(ask);
    case "remove-acl":
      return owning(ask, ask.view.owned(ask.number), "change its access control list");
    case "same-flags":
      return settingFlags(ask);
  }
}

/** Why the operation makes no sense on the object; undefined when it does. */
export function sideMisfit(operation: SideOperation, node: TreeNode): string | undefined {
  const isFile = node.type === "file";
  if (operation === "link") return isFile ? undefined : `\`${node.path}\` is not a regular file`;
  if (operation !== "remove-acl") {
    const fits = isFile || node.type === "directory";
    return fits ? undefined : `\`${node.path}\` is neither a regular file nor a directory`;
  }
  if (node.type === "symlink") return "a symbolic link has no access control list";
  if (node.xattrs.has(accessAclName)) return `\`${node.path}\` has an access control list to lose`;
  const hasGroupBit = (node.mode & 0o2000) !== 0;
  return hasGroupBit ? `\`${node.path}\` could lose its set-group-id bit` : undefined;
}

/** may_linkat() of the kernel with fs.protected_hardlinks on, then may_create(). */
function linking(ask: Question): Decision {
  const { model, view, number, node, identity } = ask;
  const parent = model.parents[number] ?? 0;
  const answer = all(view.addable(parent), linkable(ask));
  return verdict(answer, [
    ...directorySteps(ask, parent),
    ownerText(model, node, identity),
    permissionText(model, node, identity, read | write),
    effect(answer, "give it a further name, which fs.protected_hardlinks asks for"),
  ]);
}

/** Who neither owns a file nor may read and write it gets no name of it, nor anybody else of a set-id program. */
function linkable({ node, identity }: Question): Answer {
  if (ownsLike(node, identity)) return "yes";
  const isSetId = (node.mode & 0o4000) !== 0 || (node.mode & 0o2010) === 0o2010;
  return isSetId ? "no" : permissionOf(node, identity, read | write).answer;
}

/** xattr_permission() of the kernel: as content; in a sticky directory's own attributes only the owner. */
function settingAttribute(ask: Question): Decision {
  const { model, view, number, node, identity } = ask;
  const isSticky = node.type === "directory" && (node.mode & 0o1000) !== 0;
  const may = isSticky && !ownsLike(node, identity) ? "no" : view.writable(number);
  return verdict(may, [
    ...reachSteps(ask, number, view.reachOf(number)),
    permissionText(model, node, identity, write),
    ...(isSticky ? [`it is sticky: ${ownerText(model, node, identity)}`] : []),
    effect(may, "set attributes `user.*` of it"),
  ]);
}

/** The call needs the object open, which for this probe means readable. */
function settingFlags(ask: Question): Decision {
  const { view, number, node, identity } = ask;
  return owning(
    ask,
    all(view.owned(number), permissionOf(node, identity, read).answer),
    "set its inode flags",
  );
}

function owning(ask: Question, answer: Answer, deed: string): Decision {
  const { model, view, number, node, identity } = ask;
  return verdict(answer, [
    ...reachSteps(ask, number, view.reachOf(number)),
    ownerText(model, node, identity),
    effect(answer, deed),
  ]);
}

function all(...answers: readonly Answer[]): Answer {
  if (answers.includes("no")) return "no";
  return answers.includes("unknown") ? "unknown" : "yes";
}
