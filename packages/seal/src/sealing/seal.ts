import { Fault } from "@lithify/fault";
import {
  compareNames,
  type Image,
  type ImageConfig,
  type Layer,
  type Store,
  type Tree,
  writeTar,
} from "@lithify/oci";
import { modelOf } from "../access/model.ts";
import { openQuestions } from "../audit/audit.ts";
import { accountsIn, type Inspected, inspectImage } from "../contents/inspect-image.ts";
import type { Accounts } from "../identity/image-user.ts";
import type { Policy } from "../policy/policy.ts";
import { attachedStatement } from "../statement/attached-statement.ts";
import { merkleRoot } from "../statement/merkle.ts";
import { type Signer, unsigned } from "../statement/signer.ts";
import {
  type Claim,
  claimDigest,
  protectedNodes,
  type Statement,
  sealLabel,
  sealLabelOf,
  statementBytes,
  statementType,
} from "../statement/statement.ts";
import type { PlannedLayer } from "./layer-choice.ts";
import { planSeal, type SealPlan } from "./plan.ts";
import { rewritten, type Scans } from "./rewritten-layer.ts";
import { type SealedImage, sealedImage } from "./sealed-image.ts";
import { topLayerInputs } from "./top-layer.ts";
import { wantedOf } from "./wanted.ts";

export interface SealOptions {
  /** USER of the sealed image, instead of the policy's and the image's own. */
  readonly user?: string;
  readonly dryRun?: boolean;
  readonly signer?: Signer;
}

/** What sealing did, or with `dryRun` would do. */
export interface SealResult {
  readonly plan: readonly PlannedLayer[];
  readonly bytesAdded: number;
  readonly bytesRewritten: number;
}

export interface Sealed extends SealResult {
  readonly sealed: SealedImage;
  readonly statement: Statement;
}

/**
 * Makes the image immutable under the policy: layers, configuration and manifest in the store, the
 * statement attached, no name given. A sealed image under the same policy is returned as it is. The
 * same image and policy give the same digest anywhere. Sealed does not mean without findings: audit
 * the result. Throws Fault SEAL_CONFLICT, IDENTITY_UNKNOWN, and what store and layers throw.
 */
export function seal(
  store: Store,
  image: Image,
  policy: Policy,
  options: SealOptions & { readonly dryRun: true },
): Promise<SealResult>;
export function seal(
  store: Store,
  image: Image,
  policy: Policy,
  options?: SealOptions & { readonly dryRun?: false },
): Promise<Sealed>;
export async function seal(
  store: Store,
  image: Image,
  policy: Policy,
  options: SealOptions = {},
): Promise<SealResult | Sealed> {
  // What is signed is what was read now, not what a cache remembers
  const scans: Scans = new Map();
  const before = await inspectImage(image, { store, fresh: true, scans });
  const { tree } = before;
  const accounts = await accountsIn(image, before);
  const plan = await planSeal(image, policy, tree, { ...options, accounts });
  const result = {
    plan: plan.layers,
    bytesAdded: plan.bytesAdded,
    bytesRewritten: plan.bytesRewritten,
  };
  if (options.dryRun === true) return result;
  const layers = await sealedLayers(store, plan, tree, scans);
  const after =
    layers === image.layers
      ? before
      : await inspectImage({ layers }, { store, fresh: true, scanned: scans });
  checkSealed(after.tree, plan);
  const claim = claimOf(accounts, after, plan);
  const done = await written(store, plan, layers, claim);
  const statement = await stated(store, done, image, claim, options.signer ?? unsigned);
  return {
    ...result,
    sealed: sealedImage({ image: done, statement, tree: after.tree }),
    statement,
  };
}

/** The image's own layers when nothing changes. What is read of a layer that is written anew is added to `scans`. */
async function sealedLayers(
  store: Store,
  plan: SealPlan,
  tree: Tree,
  scans: Scans,
): Promise<readonly Layer[]> {
  const { image } = plan;
  if (plan.added.length === 0 && plan.layers.every((row) => row.action !== "rewrite")) {
    return image.layers;
  }
  const layers: Layer[] = [];
  for (const { index, action } of plan.layers) {
    const layer = image.layers[index];
    if (layer === undefined) continue;
    layers.push(
      action === "rewrite" ? await rewritten(store, { layer, index, plan, tree, scans }) : layer,
    );
  }
  if (plan.added.length > 0)
    layers.push(await store.writeLayer(writeTar(topLayerInputs(plan.added))));
  return layers;
}

/** What was written is what was planned; a hard link across layers is the one thing that can differ. */
function checkSealed(tree: Tree, plan: SealPlan): void {
  for (const node of tree) {
    if (wantedOf(node, plan.policy, plan.identities) === undefined) continue;
    throw new Fault("SEAL_CONFLICT", "sealing", {
      why: "an object still differs from the policy after its layer was patched",
      values: { path: node.path, mode: node.mode.toString(8), owner: `${node.uid}:${node.gid}` },
      hint: "It is a hard link across layers: copy the file in the Dockerfile instead of linking it.",
    });
  }
}

function claimOf(accounts: Accounts, { tree, contents }: Inspected, plan: SealPlan): Claim {
  const config = configOf(plan);
  const model = modelOf({ tree, contents, config, policy: plan.policy, accounts });
  const nodes = protectedNodes(tree, plan.policy);
  return {
    version: 1,
    root: merkleRoot(nodes),
    objects: nodes.length,
    policy: plan.policy,
    identities: plan.identities,
    notProven: openQuestions(model, plan.identities),
  };
}

async function written(
  store: Store,
  plan: SealPlan,
  layers: readonly Layer[],
  claim: Claim,
): Promise<Image> {
  const { image } = plan;
  const label = claimDigest(claim);
  const unchanged = layers === image.layers && plan.config.removedVolumes.length === 0;
  const sameUser = (image.config.config?.User ?? "") === plan.config.user;
  if (unchanged && sameUser && sealLabelOf(image.config) === label) return image;
  const { rootfs: _, ...config } = configOf(plan);
  const labels = { ...config.config?.Labels, [sealLabel]: label };
  const sorted = Object.entries(labels).sort(([a], [b]) => compareNames(a, b));
  return store.writeImage({
    config: { ...config, config: { ...config.config, Labels: Object.fromEntries(sorted) } },
    layers,
    ...(image.manifest.annotations === undefined
      ? {}
      : { annotations: image.manifest.annotations }),
  });
}

/** The configuration of the sealed image, without the label. */
function configOf(plan: SealPlan): ImageConfig {
  const { image } = plan;
  const process = { ...image.config.config, User: plan.config.user };
  const volumes = Object.entries(process.Volumes ?? {}).filter(
    ([path]) => !plan.config.removedVolumes.includes(path),
  );
  const { Volumes: _, ...rest } = process;
  const history = image.config.history;
  const added = { ...when(image.config.created), created_by: "lithify seal" };
  return {
    ...image.config,
    config: volumes.length === 0 ? rest : { ...rest, Volumes: Object.fromEntries(volumes) },
    ...(history === undefined
      ? {}
      : { history: plan.added.length === 0 ? history : [...history, added] }),
  };
}

function when(created: string | undefined): { readonly created?: string } {
  return created === undefined ? {} : { created };
}

/** Attaches the statement unless the image has it already. */
async function stated(
  store: Store,
  image: Image,
  from: Image,
  claim: Claim,
  signer: Signer,
): Promise<Statement> {
  const known = await attachedStatement(store, image);
  if (known.answer === "found") return known.statement;
  const statement: Statement = { ...claim, image: image.digest, from: from.digest };
  const bytes = statementBytes(statement);
  await store.attach(image, { artifactType: statementType, mediaType: statementType, bytes });
  const signature = await signer.sign(bytes);
  if (signature.kind === "signed") {
    const { artifactType, bytes: signed } = signature;
    await store.attach(image, { artifactType, mediaType: artifactType, bytes: signed });
  }
  return statement;
}
