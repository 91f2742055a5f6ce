import { Fault } from "@lithify/fault";
import type { ImageConfig, Tree, TreeNode } from "@lithify/oci";
import { execute, permissionOf, read } from "../access/permission.ts";
import type { Identity } from "../identity/identity.ts";
import type { Policy } from "../policy/policy.ts";
import { isWithin, type ResolvedPolicy } from "../policy/resolve.ts";
import { type Wanted, withWanted } from "./wanted.ts";

/** Refuses what sealing would hide or could not give. Throws Fault SEAL_CONFLICT. */
export function refuseConflicts(resolved: ResolvedPolicy, tree: Tree, user: Identity): void {
  if (user.uid === 0) {
    throw conflict("the sealed image would run as root, whom no mode stops", {
      values: { user: user.name === "" ? "root" : user.name },
      hint: "Name a user of the image with --user, or `user:` in lithify.yaml.",
    });
  }
  const [missing] = resolved.missing;
  if (missing !== undefined) {
    throw conflict("a protected tree is not a directory of the image", {
      values: { path: missing },
      hint: "Mend the path in lithify.yaml, or add the tree to the image.",
    });
  }
  for (const path of resolved.policy.writable) refuseWritable(path, resolved.policy, tree);
}

/**
 * Refuses changes that would take from an identity what it could read, enter or start before.
 * In strict trees execute bits of files may go: the policy says so exactly; not those of the entrypoint.
 */
export function refuseLostAccess(
  changes: ReadonlyMap<string, Wanted>,
  tree: Tree,
  policy: Policy,
  identities: readonly Identity[],
  config: ImageConfig,
): void {
  const started = startedProgram(tree, config)?.path;
  for (const [path, wanted] of changes) {
    const node = tree.at(path);
    if (node === undefined || node.type === "symlink") continue;
    const strict = policy.trees.some((each) => isWithin(path, each.path));
    const after = withWanted(node, wanted);
    const wants = strict && node.type === "file" && path !== started ? [read] : [read, execute];
    for (const identity of identities) {
      const lost = wants.find(
        (want) =>
          permissionOf(node, identity, want).answer === "yes" &&
          permissionOf(after, identity, want).answer === "no",
      );
      if (lost === undefined) continue;
      throw conflict(
        `${identity.name} could no longer ${lost === read ? "read" : "enter or execute"} ${path}`,
        {
          values: { path, identity: identity.name, mode: modeChange(node, after) },
          hint: "Give others read (and execute where needed) in the image, or other modes in lithify.yaml.",
        },
      );
    }
  }
}

function refuseWritable(path: string, policy: Policy, tree: Tree): void {
  const inside = policy.trees.find((each) => isWithin(path, each.path));
  if (inside !== undefined) {
    throw conflict("a writable path lies inside a protected tree", {
      values: { writable: path, protected: inside.path },
      hint: "Move what is written out of the protected tree, or protect its parts one by one.",
    });
  }
  const around = policy.trees.find((each) => isWithin(each.path, path));
  if (around !== undefined || path === "/") {
    throw conflict("a writable path holds a protected tree", {
      values: { writable: path, protected: around?.path ?? "everything" },
      hint: "Name the directories that are really written.",
    });
  }
  const found = tree.resolve(path);
  if (found.answer === "reached" && found.node.type === "directory") return;
  if (found.answer === "missing") return;
  throw conflict("a writable path is not a directory", {
    values: { writable: path },
    hint: "A tmpfs needs a directory: name the one that holds the file.",
  });
}

/** The program of ENTRYPOINT, or of CMD, when it is named by a path. */
function startedProgram(tree: Tree, config: ImageConfig): TreeNode | undefined {
  const word = config.config?.Entrypoint?.[0] ?? config.config?.Cmd?.[0];
  if (word === undefined || !word.startsWith("/")) return undefined;
  const found = tree.resolve(word);
  return found.answer === "reached" ? found.node : undefined;
}

function modeChange(before: TreeNode, after: TreeNode): string {
  const text = (node: TreeNode) => `${node.mode.toString(8)} ${node.uid}:${node.gid}`;
  return `${text(before)} to ${text(after)}`;
}

function conflict(
  why: string,
  details: { readonly values: Readonly<Record<string, string>>; readonly hint: string },
): Fault {
  return new Fault("SEAL_CONFLICT", "sealing", { why, ...details });
}
