import { unreachable } from "@lithify/fault";
import type { TreeNode } from "@lithify/oci";
import type { Identity } from "../identity/identity.ts";
import { linkFreePath } from "../policy/resolve.ts";
import { directorySteps, effect, type Question, reachSteps, verdict } from "./decision-steps.ts";
import { ownerText, permissionText } from "./describe.ts";
import type { Answer } from "./identity-view.ts";
import type { AccessModel } from "./model.ts";
import type { Decision, Operation } from "./operation.ts";
import { ownsLike, write } from "./permission.ts";
import { sideDecision, sideMisfit } from "./side-decisions.ts";

/**
 * Whether the identity can do the operation on the path, and why, for a writable root. Pure: the
 * same model gives the same answer. Links in the directories of the path are followed, its last
 * component is not, except by `link-target`.
 */
export function decide(
  model: AccessModel,
  identity: Identity,
  operation: Operation,
  path: string,
): Decision {
  const number = model.numberOf(linkFreePath(path, model.tree));
  const node = number === undefined ? undefined : model.node(number);
  if (number === undefined || node === undefined) {
    return { answer: "unknown", why: [`\`${path}\` is not in the image`] };
  }
  const view = model.viewOf(identity);
  const ask: Question = { model, identity, view, number, node };
  const misfit = misfitOf(operation, node);
  if (misfit !== undefined) return { answer: "unknown", why: [misfit] };
  return answerTo(ask, operation);
}

/** Whether an operation makes sense on this type of object. */
export function fits(operation: Operation, node: TreeNode): boolean {
  return misfitOf(operation, node) === undefined;
}

function answerTo(ask: Question, operation: Operation): Decision {
  const { view, number } = ask;
  switch (operation) {
    case "open-write":
    case "access-write":
      if (isDevice(ask.node) && view.writable(number) === "yes") return openingDevice(ask);
      return verdict(view.writable(number), [
        ...reachSteps(ask, number, view.reachOf(number)),
        permissionText(ask.model, ask.node, ask.identity, write),
        effect(view.writable(number), "open it for writing"),
      ]);
    case "create":
    case "mkdir":
    case "symlink":
    case "tmpfile-link":
      return verdict(view.addable(number), [
        ...directorySteps(ask, number),
        effect(view.addable(number), "create entries in it"),
      ]);
    case "rename":
      return renaming(ask);
    case "chmod":
    case "utimes":
      return owning(
        ask,
        view.owned(number),
        operation === "chmod" ? "change its mode" : "set its times",
      );
    case "chgrp":
      return changingGroup(ask);
    case "link-target":
      return throughLink(ask);
    case "link":
    case "set-attribute":
    case "remove-acl":
    case "same-flags":
      return sideDecision(ask, operation);
    default:
      return unreachable(operation);
  }
}

/** Engines allow a container only the devices that it needs. */
function openingDevice(ask: Question): Decision {
  return verdict("unknown", [
    ...reachSteps(ask, ask.number, ask.view.reachOf(ask.number)),
    permissionText(ask.model, ask.node, ask.identity, write),
    "whether it opens depends on the device cgroup that the engine sets",
  ]);
}

function isDevice({ type }: TreeNode): boolean {
  return type === "character" || type === "block";
}

function renaming(ask: Question): Decision {
  const { model, view, number, node, identity } = ask;
  const parent = model.parents[number] ?? 0;
  const directory = model.node(parent);
  if (directory === undefined) return verdict("unknown", [`\`${node.path}\` has no directory`]);
  const sticky = (directory.mode & 0o1000) !== 0 && view.addable(parent) !== "no";
  const free = ownsLike(node, identity) || ownsLike(directory, identity);
  return verdict(view.replaceable(number), [
    ...directorySteps(ask, parent),
    ...(sticky ? [stickyText(ask, directory, free)] : []),
    effect(
      view.replaceable(number),
      `rename, replace or remove \`${node.path}\`, whatever its own mode`,
    ),
  ]);
}

function stickyText(ask: Question, directory: TreeNode, free: boolean): string {
  return free
    ? `\`${directory.path}\` is sticky, which does not stop you: you own it or the entry, or hold CAP_FOWNER`
    : `\`${directory.path}\` is sticky, and you own neither it nor \`${ask.node.path}\``;
}

function owning(ask: Question, answer: Answer, deed: string): Decision {
  return verdict(answer, [
    ...reachSteps(ask, ask.number, ask.view.reachOf(ask.number)),
    ownerText(ask.model, ask.node, ask.identity),
    effect(answer, deed),
  ]);
}

/** chgrp_ok() of the kernel: the owner to a group that he holds or the present one, or CAP_CHOWN. */
function changingGroup(ask: Question): Decision {
  const { identity, node } = ask;
  const reach = ask.view.reachOf(ask.number);
  const may = node.uid === identity.uid || identity.capabilities.includes("CAP_CHOWN");
  const answer: Answer = !may || reach === "no" ? "no" : reach === "unknown" ? "unknown" : "yes";
  return owning(ask, answer, "change its group to any group that you hold");
}

function throughLink(ask: Question): Decision {
  const { model, node, view, identity } = ask;
  const parent = model.node(model.parents[ask.number] ?? 0);
  const steps = [
    ...reachSteps(ask, ask.number, view.reachOf(ask.number)),
    `\`${node.path}\` is a symbolic link to \`${node.target ?? ""}\``,
  ];
  if (view.reachOf(ask.number) === "no") return verdict("no", steps);
  if (parent !== undefined && guardedLink(node, parent, identity)) {
    return verdict("unknown", [
      ...steps,
      "whether it is followed depends on fs.protected_symlinks",
    ]);
  }
  const found = model.tree.resolve(node.path);
  if (found.answer === "reached") {
    const target = model.numberOf(found.node.path) ?? 0;
    return verdict(view.writable(target), [
      ...steps,
      permissionText(model, found.node, identity, write),
      effect(view.writable(target), "write its target"),
    ]);
  }
  if (found.answer !== "missing") {
    return verdict("no", [
      ...steps,
      "it leads nowhere: a loop, or a component that is no directory",
    ]);
  }
  const nearest = model.numberOf(found.nearest.path) ?? 0;
  return verdict(view.addable(nearest), [
    ...steps,
    `its target does not exist; the nearest directory that does is \`${found.nearest.path}\``,
    ...directorySteps(ask, nearest),
    effect(view.addable(nearest), "create its target and so decide what it shows"),
  ]);
}

/** fs.protected_symlinks: in a sticky world-writable directory only the follower's or the directory owner's links are followed. */
function guardedLink(link: TreeNode, directory: TreeNode, identity: Identity): boolean {
  return (
    (directory.mode & 0o1002) === 0o1002 && link.uid !== identity.uid && link.uid !== directory.uid
  );
}

function misfitOf(operation: Operation, node: TreeNode): string | undefined {
  const isDirectory = node.type === "directory";
  const isSpecial = !isDirectory && node.type !== "file" && node.type !== "symlink";
  switch (operation) {
    case "open-write":
      return node.type === "file" ? undefined : `\`${node.path}\` is not a regular file`;
    case "access-write":
      return isSpecial ? undefined : `\`${node.path}\` is no fifo, socket or device`;
    case "create":
    case "mkdir":
    case "symlink":
    case "tmpfile-link":
      return isDirectory ? undefined : `\`${node.path}\` is not a directory`;
    case "rename":
      return node.path === "/" ? "the root cannot be renamed" : undefined;
    case "chmod":
      return node.type === "symlink" ? "a symbolic link has no mode of its own" : undefined;
    case "link":
    case "set-attribute":
    case "remove-acl":
    case "same-flags":
      return sideMisfit(operation, node);
    case "link-target":
      return node.type === "symlink" ? undefined : `\`${node.path}\` is not a symbolic link`;
    case "chgrp":
    case "utimes":
      return undefined;
    default:
      return unreachable(operation);
  }
}
