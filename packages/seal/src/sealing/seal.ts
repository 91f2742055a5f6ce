import { Fault } from "@lithify/fault";
import {
  compareNames,
  type DiffId,
  encoderAnnotation,
  encoderOf,
  type Image,
  type ImageConfig,
  KeptFrames,
  type Layer,
  type LayerMember,
  type LayerScan,
  mediaTypes,
  patchTar,
  type Store,
  scanLayer,
  type Tree,
  writeTar,
} from "@lithify/oci";
import { modelOf } from "../access/model.ts";
import { openQuestions } from "../audit/audit.ts";
import { contentWatch } from "../contents/content-watch.ts";
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
  const before = await inspectImage(image, { store, fresh: true });
  const { tree } = before;
  const accounts = await accountsIn(image, before);
  const plan = await planSeal(image, policy, tree, { ...options, accounts });
  const result = {
    plan: plan.layers,
    bytesAdded: plan.bytesAdded,
    bytesRewritten: plan.bytesRewritten,
  };
  if (options.dryRun === true) return result;
  const scanned: Scanned = new Map();
  const layers = await sealedLayers(store, plan, tree, scanned);
  const after =
    layers === image.layers
      ? before
      : await inspectImage({ layers }, { store, fresh: true, scanned });
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

/** Layers that were written anew, as they went into the store: they need not be read again. */
type Scanned = Map<DiffId, readonly LayerMember[]>;

/** The image's own layers when nothing changes. */
async function sealedLayers(
  store: Store,
  plan: SealPlan,
  tree: Tree,
  scanned: Scanned,
): Promise<readonly Layer[]> {
  const { image } = plan;
  if (plan.added.length === 0 && plan.layers.every((row) => row.action !== "rewrite")) {
    return image.layers;
  }
  const layers: Layer[] = [];
  for (const row of plan.layers) {
    const layer = image.layers[row.index];
    if (layer === undefined) continue;
    if (row.action !== "rewrite") {
      layers.push(layer);
      continue;
    }
    const { layer: done, members } = await rewritten(store, layer, row.index, plan, tree);
    scanned.set(done.diffId, members);
    layers.push(done);
  }
  if (plan.added.length > 0)
    layers.push(await store.writeLayer(writeTar(topLayerInputs(plan.added))));
  return layers;
}

/**
 * The layer with the attributes of its objects patched; objects that a higher layer hides stay as they are. Compressed
 * frames whose bytes did not change are used again where the encoder is the same, which gives the same blob.
 */
async function rewritten(
  store: Store,
  layer: Layer,
  index: number,
  plan: SealPlan,
  tree: Tree,
): Promise<{ readonly layer: Layer; readonly members: readonly LayerMember[] }> {
  const compression = compressionOf(layer);
  const isOwn =
    compression !== "none" &&
    layer.descriptor.annotations?.[encoderAnnotation] === encoderOf(compression);
  const reused = isOwn ? { kept: new KeptFrames() } : {};
  // Compressed, pieces are copied into blocks; plain, they wait for the disk
  const passing = compression !== "none";
  const tar = patchTar(layer.uncompressed({ ...reused, passing }), (entry) => {
    const path = `/${entry.path}`;
    if (tree.at(path)?.layer !== index) return undefined;
    return plan.changes.get(path);
  });
  const scan = scanLayer({ watch: contentWatch });
  const written = await store.writeLayer(passedBy(tar, scan), { compression, ...reused });
  return { layer: written, members: scan.end() };
}

async function* passedBy(
  tar: AsyncIterable<Uint8Array>,
  scan: LayerScan,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of tar) {
    scan.push(chunk);
    yield chunk;
  }
}

function compressionOf(layer: Layer): "gzip" | "zstd" | "none" {
  const { mediaType } = layer.descriptor;
  if (mediaType.endsWith(".tar")) return "none";
  return mediaType === mediaTypes.layerZstd ? "zstd" : "gzip";
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
