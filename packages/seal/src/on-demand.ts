// Parts of this package that only some commands use: each is loaded when it is called first, since loading takes time.
import type { Launch } from "./launch/launch.ts";
import type { Policy } from "./policy/policy.ts";
import type { checkSeals as checkSealsNow } from "./sealing/check-seals.ts";
import type { planSeal as planSealNow } from "./sealing/plan.ts";
import type { seal as sealNow } from "./sealing/seal.ts";
import type { writeVolume as writeVolumeNow } from "./volume/volume-write.ts";

/** The policy that a `lithify.yaml` holds; `file` is its name in faults. Rejects with Fault POLICY_INVALID and the place. */
export async function parsePolicy(text: string, file: string): Promise<Policy> {
  return (await import("./policy/parse.ts")).parsePolicy(text, file);
}

/** How a Kubernetes manifest starts its containers. Rejects with Fault LAUNCH_INVALID and the place. */
export async function kubernetesLaunches(text: string, file: string): Promise<readonly Launch[]> {
  return (await import("./launch/kubernetes.ts")).kubernetesLaunches(text, file);
}

/** How a compose file starts its services. Rejects with Fault LAUNCH_INVALID and the place. */
export async function composeLaunches(text: string, file: string): Promise<readonly Launch[]> {
  return (await import("./launch/compose.ts")).composeLaunches(text, file);
}

/** How a `docker run` line starts its container. Rejects with Fault LAUNCH_INVALID and the place. */
export async function dockerRunLaunch(line: string): Promise<Launch> {
  return (await import("./launch/docker-run.ts")).dockerRunLaunch(line);
}

export const seal = (async (...given: Parameters<typeof sealNow>) =>
  (await import("./sealing/seal.ts")).seal(...given)) as typeof sealNow;

export const planSeal: typeof planSealNow = async (...given) =>
  (await import("./sealing/plan.ts")).planSeal(...given);

export const checkSeals: typeof checkSealsNow = async (...given) =>
  (await import("./sealing/check-seals.ts")).checkSeals(...given);

export const writeVolume: typeof writeVolumeNow = async (...given) =>
  (await import("./volume/volume-write.ts")).writeVolume(...given);
