import type { TreeNode } from "@lithify/oci";
import type { Identity } from "../identity/identity.ts";
import { parentOf } from "../policy/resolve.ts";
import { permissionText } from "./describe.ts";
import type { Answer, IdentityView, Reach } from "./identity-view.ts";
import type { AccessModel } from "./model.ts";
import type { Decision } from "./operation.ts";
import { execute, permissionOf, write } from "./permission.ts";

/** One operation on one object by one identity. */
export interface Question {
  readonly model: AccessModel;
  readonly identity: Identity;
  readonly view: IdentityView;
  readonly number: number;
  readonly node: TreeNode;
}

/** How a directory is reached, and whether entries can be made in it. */
export function directorySteps(ask: Question, number: number): readonly string[] {
  const directory = ask.model.node(number);
  if (directory === undefined) return [];
  return [
    ...reachSteps(ask, number, ask.view.reachOf(number)),
    permissionText(ask.model, directory, ask.identity, write | execute),
  ];
}

/** Nothing where the absolute path works; else where the way ends, or that it starts at WORKDIR. */
export function reachSteps(ask: Question, number: number, reach: Reach): readonly string[] {
  const { model, identity } = ask;
  if (reach === "path") return [];
  if (reach === "workdir") {
    return [
      `its absolute path is closed to you, but the process starts in WORKDIR \`${model.workingDirectory}\` and gets there by a relative path`,
    ];
  }
  for (let path = model.node(number)?.path ?? "/"; path !== "/"; ) {
    path = parentOf(path);
    const above = model.tree.at(path);
    if (above === undefined || permissionOf(above, identity, execute).answer === "yes") continue;
    return [permissionText(model, above, identity, execute)];
  }
  return [];
}

/** What follows from the steps before. */
export function effect(answer: Answer, deed: string): string {
  if (answer === "yes") return `so you can ${deed}`;
  return answer === "no" ? `so you cannot ${deed}` : `whether you can ${deed} cannot be told`;
}

/** The decision for an answer. */
export function verdict(answer: Answer, why: readonly string[]): Decision {
  return { answer: answer === "yes" ? "allowed" : answer === "no" ? "denied" : "unknown", why };
}
