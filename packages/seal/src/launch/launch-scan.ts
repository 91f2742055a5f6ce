import type { Digest } from "@lithify/oci";
import type { ManifestPlace } from "../access/manifest-place.ts";
import type { AccessModel } from "../access/model.ts";
import type { Identity } from "../identity/identity.ts";
import type { Launch } from "./launch.ts";
import { launchIdentity } from "./launch-identity.ts";
import { launchModel } from "./launch-model.ts";
import { mountEffect } from "./mount-effect.ts";

/** A launch of the image that is audited: who it starts, in which model. */
export interface LaunchScan {
  readonly launch: Launch;
  readonly identity: Identity;
  readonly model: AccessModel;
}

/** The verdict about one launch. */
export interface LaunchVerdict {
  /** The name of its identity in the report. */
  readonly name: string;
  readonly place: ManifestPlace;
  /** No finding of this launch is left that the policy does not waive. */
  readonly keepsSeal: boolean;
  /** Findings that are left. */
  readonly findings: number;
}

/** The launches to audit. Names that come twice are numbered. Throws Fault IDENTITY_UNKNOWN. */
export function launchScans(
  model: AccessModel,
  launches: readonly Launch[],
): readonly LaunchScan[] {
  const image = { accounts: model.accounts, user: model.config.config?.User ?? "" };
  const seen = new Map<string, number>();
  return launches.map((written) => {
    const count = (seen.get(written.name) ?? 0) + 1;
    seen.set(written.name, count);
    const launch = count === 1 ? written : { ...written, name: `${written.name} (${count})` };
    return { launch, identity: launchIdentity(launch, image), model: launchModel(model, launch) };
  });
}

/** True where the kubelet refuses to start the container: runAsNonRoot, and the user is root. */
export function isRefused({ launch, identity }: LaunchScan): boolean {
  return launch.user.by === "kubernetes" && launch.user.runAsNonRoot && identity.uid === 0;
}

/** What a launch leaves open, one sentence each. */
export function launchOpen(scan: LaunchScan, image: Digest | undefined): readonly string[] {
  const { launch, model } = scan;
  const beside = launch.mounts.flatMap((mount) => {
    const effect = mountEffect(model, mount);
    return effect.answer === "beside"
      ? [`\`${effect.path}\` gets ${mount.what}, read-only: what it holds is not the image's (28).`]
      : [];
  });
  const refused = isRefused(scan)
    ? ["It is not started: runAsNonRoot is set, and its user is root."]
    : [];
  return [
    ...refused,
    ...imageOpen(launch, image),
    ...beside,
    ...nameOpen(scan),
    ...launch.open,
  ].map((sentence) => `${launch.name}: ${sentence}`);
}

/** The kubelet cannot tell whether a user that is given by name is root. */
function nameOpen({ launch, model }: LaunchScan): readonly string[] {
  if (launch.user.by !== "kubernetes" || !launch.user.runAsNonRoot) return [];
  const user = (model.config.config?.User ?? "").split(":")[0] ?? "";
  if (launch.user.context.runAsUser !== undefined || /^\d*$/u.test(user)) return [];
  return [
    `The kubelet does not start it: runAsNonRoot needs a number, and the image's USER is ${user}.`,
  ];
}

function imageOpen(launch: Launch, audited: Digest | undefined): readonly string[] {
  if (launch.image === undefined)
    return ["It builds its image: whether that is the audited one is not looked at."];
  const digest = /@(sha256:[0-9a-f]{64})$/u.exec(launch.image.value)?.[1];
  if (digest === undefined) {
    return [
      `It names the image ${launch.image.value} by a tag, which can be moved; a digest cannot.`,
    ];
  }
  return audited === undefined || digest === audited
    ? []
    : [
        `It names another digest than the audited image's, ${digest}; an index of several platforms may hold it.`,
      ];
}
