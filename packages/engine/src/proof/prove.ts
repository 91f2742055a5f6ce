import { Fault } from "@lithify/fault";
import type { Digest, Image } from "@lithify/oci";
import {
  type AccessModel,
  type Attempt,
  attemptsFor,
  decide,
  defaultCapabilities,
  type Identity,
  type Policy,
  type StandIn,
  standInsFor,
} from "@lithify/seal";
import type { Engine, Instance, InstanceFacts, RunSpec } from "../engine.ts";
import { throwIfAborted } from "../host/program.ts";
import { severalAtOnce } from "../host/several-at-once.ts";
import { carriedNode, mountedProbe, probeEnvironment } from "./carried-node.ts";
import { placePrograms } from "./carried-programs.ts";
import { type Residue, residueWatch } from "./residue.ts";
import { type ProbeAnswer, runProbe } from "./run-probe.ts";
import { isSideCall } from "./side-calls.ts";
import { strangeMounts, surroundingAttempts } from "./surroundings.ts";

/** Identities that are tried at once, each in a container of its own. */
export const proofsAtOnce = 3;

/** An attempt of the access model; with its reasons where it is none on an object. */
interface ModelAttempt extends Attempt {
  readonly because?: readonly string[];
}

/** An attempt of the access model with what the kernel said. */
export interface ProvedAttempt extends ModelAttempt, ProbeAnswer {}

/** An attempt that came out otherwise, with what the model reasoned. */
export interface Disagreement extends ProvedAttempt {
  readonly because: readonly string[];
}

/** The document of `lithify prove`. */
export interface ProveReport {
  readonly image: Digest;
  /** Nothing was allowed, and nothing was left behind. */
  readonly immutable: boolean;
  readonly identities: readonly Pick<Identity, "name" | "uid" | "gid" | "groups">[];
  readonly attempts: readonly ProvedAttempt[];
  /** Expected allowed and observed denied, or the other way round: the model or the kernel is not as we think. */
  readonly disagreements: readonly Disagreement[];
  /** Mount points that neither the engine makes everywhere nor the policy asks for: what they hide was not tried. */
  readonly mounts: readonly string[];
  /** Empty, or the probe itself did harm. */
  readonly residue: readonly Residue[];
  readonly seconds: number;
}

export interface ProveOptions {
  readonly policy: Policy;
  readonly identities: readonly Identity[];
  readonly model: AccessModel;
  /** Also the root file system is read-only, as when it runs for real; the model's expectations do not count on that. */
  readonly readOnly?: boolean;
  readonly progress?: (done: { readonly identity: string; readonly attempts: number }) => void;
  readonly signal?: AbortSignal;
}

/**
 * Tries live what the access model decides, for each identity in a throwaway container of the image, several at once: run as sealed
 * images run (the identity's own rights, the policy's writable paths), but on a **writable root**, so that
 * what protects is the image itself and not the mount. Before and after, the file tree is compared; a writable layer
 * that stayed empty is the strongest evidence. Throws Fault PROBE_UNUSABLE, IDENTITY_DIFFERS, and what `engine.run` throws.
 */
export async function prove(
  engine: Engine,
  image: Image,
  options: ProveOptions,
): Promise<ProveReport> {
  const begun = performance.now();
  const start = oneAfterAnother((spec: RunSpec) => engine.run(spec, options));
  const starter = { start, isLocal: engine.name === "local", ...mountedProbe(await carriedNode()) };
  const proofs = await severalAtOnce(options.identities, proofsAtOnce, async (identity) => {
    throwIfAborted(options.signal);
    const proof = await proveFor(starter, image, identity, options);
    options.progress?.({ identity: identity.name, attempts: proof.attempts.length });
    return proof;
  });
  const attempts = proofs.flatMap((proof) => proof.attempts);
  const residue = proofs.flatMap((proof) => proof.residue);
  const mounts = new Set(proofs.flatMap((proof) => proof.mounts));
  return {
    image: image.digest,
    immutable: residue.length === 0 && attempts.every(({ observed }) => observed !== "allowed"),
    identities: options.identities.map(({ name, uid, gid, groups }) => ({
      name,
      uid,
      gid,
      groups,
    })),
    attempts,
    disagreements: attempts
      .filter((attempt) => disagrees(attempt, options.readOnly === true))
      .map(({ because, ...attempt }) => ({
        ...attempt,
        because: because ?? reasonFor(attempt, options),
      })),
    mounts: [...mounts].toSorted(),
    residue,
    seconds: Math.round(performance.now() - begun) / 1000,
  };
}

/** The model answers for a writable root, so what only a read-only one denies says nothing about it. */
function disagrees(
  { expected, observed, errno, differs }: ProvedAttempt,
  readOnly: boolean,
): boolean {
  if (readOnly && errno === "EROFS") return false;
  return (
    differs === true ||
    (expected === "allowed" && observed === "denied") ||
    (expected === "denied" && observed === "allowed")
  );
}

function reasonFor(
  { identity, operation, path }: ProvedAttempt,
  { model, identities }: ProveOptions,
): readonly string[] {
  const who = identities.find(({ name }) => name === identity);
  if (who === undefined || operation === "execute-as" || operation === "unshare")
    return ["the system-call filter of the engine refuses new user namespaces"];
  return decide(model, who, operation, path).why;
}

interface Proof {
  readonly attempts: readonly ProvedAttempt[];
  readonly residue: readonly Residue[];
  readonly mounts: readonly string[];
}

/** Starts containers with the probe in them. */
interface Starter extends ReturnType<typeof mountedProbe> {
  readonly start: (spec: RunSpec) => Promise<Instance>;
  readonly isLocal: boolean;
}

/** The first start of an image unpacks its layers, which the others then find. */
function oneAfterAnother<Given, Result>(
  start: (given: Given) => Promise<Result>,
): (given: Given) => Promise<Result> {
  let before: Promise<unknown> = Promise.resolve();
  return (given) => {
    const started = before.then(() => start(given));
    before = started.catch(() => undefined);
    return started;
  };
}

async function proveFor(
  { start, isLocal, mounts, command }: Starter,
  image: Image,
  identity: Identity,
  options: ProveOptions,
): Promise<Proof> {
  const spec = {
    image,
    as: withBounding(identity),
    entrypoint: command,
    command: ["wait"],
    env: probeEnvironment,
    writable: options.policy.writable,
    writableRoot: options.readOnly !== true,
    readOnlyMounts: mounts,
    labels: { "lithify.purpose": "prove" },
  };
  const instance = await start(spec);
  try {
    const facts = await instance.facts();
    checkIdentity(facts, identity);
    const residueAfter = await residueWatch(
      instance,
      identity.name,
      isLocal ? () => start(spec) : undefined,
    );
    const attempts = await tryAll(instance, command, options.model, identity);
    const residue = await residueAfter();
    const strange = strangeMounts(facts, options.policy).filter(
      (target) => !mounts.some((mount) => mount.target === target),
    );
    return { attempts, residue, mounts: strange };
  } finally {
    await instance.stop({ graceSeconds: 1 });
  }
}

/**
 * What programs could give at most is Docker's fourteen where the identity does not say it; root would take
 * them all at its next program, and with no_new_privs they mean nothing.
 */
function withBounding(identity: Identity): Identity {
  const { uid, noNewPrivileges, bounding } = identity;
  const isBare = uid === 0 || noNewPrivileges;
  return { ...identity, bounding: bounding ?? (isBare ? [] : defaultCapabilities) };
}

/** Everything in one run of the probe: what Node can do itself, then the programs that do the rest. */
async function tryAll(
  instance: Instance,
  command: readonly string[],
  model: AccessModel,
  identity: Identity,
): Promise<readonly ProvedAttempt[]> {
  const { workingDirectory } = model;
  const all = [...attemptsFor(model, identity), ...surroundingAttempts(identity)];
  const { side = [], plain = [] } = Object.groupBy(all, (attempt) =>
    isSideCall(attempt) ? "side" : "plain",
  );
  const standIns = standInsFor(model, identity);
  const placing = { identity, workingDirectory };
  const programs = await placePrograms(instance, side, standIns, placing);
  try {
    const requests = [...plain, ...programs.requests];
    const answers = await runProbe(instance, { command }, workingDirectory, requests);
    const runs = programs.answers(answers.slice(plain.length));
    const given = standIns.map((standIn) => attemptAs(standIn, identity.name));
    return withAnswers([...plain, ...side, ...given], [...answers.slice(0, plain.length), ...runs]);
  } finally {
    await programs.remove();
  }
}

function attemptAs({ path, bits, expected, because }: StandIn, identity: string): ModelAttempt {
  const route = (bits & 0o6000) === 0 ? "file-capability" : "set-id";
  return { route, operation: "execute-as", path, identity, expected, because };
}

function withAnswers(
  attempts: readonly ModelAttempt[],
  answers: readonly ProbeAnswer[],
): readonly ProvedAttempt[] {
  return attempts.flatMap((attempt, index) => {
    const answer = answers[index];
    return answer === undefined ? [] : [{ ...attempt, ...answer }];
  });
}

/** What the kernel gave the process must be what the model was asked about. */
function checkIdentity(found: InstanceFacts, identity: Identity): void {
  const same =
    found.uid === identity.uid &&
    found.gid === identity.gid &&
    sameMembers([identity.gid, ...found.groups], [identity.gid, ...identity.groups]) &&
    sameMembers(found.capabilities, identity.capabilities) &&
    found.noNewPrivileges === identity.noNewPrivileges;
  if (same) return;
  throw new Fault("IDENTITY_DIFFERS", `the identity ${identity.name}`, {
    why: "the engine started the process with other ids, groups or rights than the model has",
    values: { expected: rightsText(identity), found: rightsText(found) },
  });
}

function rightsText(
  one: Pick<Identity, "uid" | "gid" | "groups" | "capabilities" | "noNewPrivileges">,
): string {
  const { uid, gid, groups, capabilities, noNewPrivileges } = one;
  const held = capabilities.length === 0 ? "none" : capabilities.join();
  return `${uid}:${gid} groups ${groups.join()} capabilities ${held} no_new_privs ${noNewPrivileges ? "on" : "off"}`;
}

function sameMembers<T>(a: readonly T[], b: readonly T[]): boolean {
  return new Set(a).symmetricDifference(new Set(b)).size === 0;
}
