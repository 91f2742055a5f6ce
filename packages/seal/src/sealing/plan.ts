import { type Image, replayLayers, type Tree } from "@lithify/oci";
import { modelOf } from "../access/model.ts";
import type { Identity } from "../identity/identity.ts";
import type { Accounts } from "../identity/image-user.ts";
import type { Policy } from "../policy/policy.ts";
import { resolvePolicy } from "../policy/resolve.ts";
import { accountsOf, resolveIdentities, resolveIdentity } from "../policy/resolve-identities.ts";
import { volumesOver } from "../rules/start.ts";
import { refuseConflicts, refuseLostAccess } from "./conflicts.ts";
import { choiceFor, type PlannedLayer, rowOf } from "./layer-choice.ts";
import { type AddedObject, addedObjects, tarBytes } from "./top-layer.ts";
import { type Wanted, wantedOf } from "./wanted.ts";

/** Everything that sealing will do. Nothing has been written. */
export interface SealPlan {
  readonly image: Image;
  readonly layers: readonly PlannedLayer[];
  /** Bytes of tar of the added layer, all told; 0 when none is added. */
  readonly bytesAdded: number;
  readonly bytesRewritten: number;
  /** What each object becomes, by path. */
  readonly changes: ReadonlyMap<string, Wanted>;
  /** What the added layer holds, parents first. */
  readonly added: readonly AddedObject[];
  readonly config: { readonly user: string; readonly removedVolumes: readonly string[] };
  /** Paths resolved, user filled in. */
  readonly policy: Policy;
  readonly identities: readonly Identity[];
}

export interface PlanOptions {
  /** Instead of the policy's user and the image's own. */
  readonly user?: string;
  /** The image's accounts, when the caller has them. */
  readonly accounts?: Accounts;
}

/**
 * How the image becomes what the policy says, with the least copied. Throws Fault SEAL_CONFLICT for
 * what sealing would hide or break, IDENTITY_UNKNOWN, and what reading the image throws.
 */
export async function planSeal(
  image: Image,
  policy: Policy,
  tree?: Tree,
  options: PlanOptions = {},
): Promise<SealPlan> {
  const merged = tree ?? (await replayLayers(image.layers));
  const accounts = options.accounts ?? (await accountsOf(image));
  const user = options.user ?? policy.user ?? image.config.config?.User ?? "";
  const resolved = resolvePolicy({ ...policy, ...(user === "" ? {} : { user }) }, merged);
  refuseConflicts(resolved, merged, resolveIdentity(user, accounts));
  const identities = resolveIdentities(user, resolved.policy, accounts);
  const model = modelOf({ tree: merged, config: image.config, policy: resolved.policy, accounts });
  const changes = changesOf(merged, resolved.policy, identities);
  refuseLostAccess(changes, merged, resolved.policy, identities, image.config);
  const choices = image.layers.map((layer, index) => choiceFor(layer, index, merged, changes));
  const added = addedObjects(merged, changes, choices, resolved.policy.writable);
  return {
    image,
    layers: choices.map(rowOf),
    bytesAdded: tarBytes(added),
    bytesRewritten: sum(choices.map((choice) => rowOf(choice).bytesRewritten)),
    changes,
    added,
    config: { user, removedVolumes: volumesOver(model) },
    policy: resolved.policy,
    identities,
  };
}

function changesOf(
  tree: Tree,
  policy: Policy,
  identities: readonly Identity[],
): ReadonlyMap<string, Wanted> {
  const changes = new Map<string, Wanted>();
  for (const node of tree) {
    const wanted = wantedOf(node, policy, identities);
    if (wanted !== undefined) changes.set(node.path, wanted);
  }
  return changes;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
