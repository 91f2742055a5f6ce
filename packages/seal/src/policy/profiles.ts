import type { Image } from "@lithify/oci";
import type { Policy } from "./policy.ts";

type Defaults = Pick<Policy, "trees" | "writable" | "identities" | "user">;

const gatewayTree = "/opt/ibm/datapower/drouter";

/** An identity that means the image's own USER. */
export const imageUser = "USER";

const datapower: Defaults = {
  trees: ["config", "local"].map((name) => ({
    path: `${gatewayTree}/${name}`,
    directories: 0o755,
    files: 0o644,
  })),
  writable: [`${gatewayTree}/temporary`, `${gatewayTree}/logtemp`, "/tmp"],
  identities: ["drouter", "drouter:0", "1000770000:0"],
  user: "drouter",
};

const generic: Defaults = {
  trees: [],
  writable: [],
  identities: [imageUser, "1000770000:0"],
};

/** What a profile says for every key that a policy leaves out. */
export function profileDefaults(profile: Policy["profile"]): Defaults {
  return profile === "datapower" ? datapower : generic;
}

/**
 * The policy of an image that comes without a `lithify.yaml`: the profile datapower when the
 * configuration looks like a gateway's, in any of its four image layouts, else generic.
 */
export function defaultPolicy(image: Image): Policy {
  const profile = looksLikeGateway(image) ? "datapower" : "generic";
  return { profile, ...profileDefaults(profile) };
}

/** Every place of one gateway path: 10.x and later under /opt/ibm/datapower, before that under /drouter. */
export function gatewayAliases(path: string): readonly string[] {
  const match = /^(?:\/opt\/ibm\/datapower)?\/drouter(\/.*)?$/u.exec(path);
  if (match === null) return [path];
  const rest = match[1] ?? "";
  const other = path.startsWith("/opt/") ? `/drouter${rest}` : `${gatewayTree}${rest}`;
  return [path, other];
}

/**
 * The four images: `ibmcom/datapower`, `integration/datapower/datapower-limited`,
 * `cpopen/datapower/datapower-limited`, `cp/datapower/datapower-cp4i`. A configuration does not
 * hold the image's name, but each of them starts drouter, runs as drouter or sets DATAPOWER_…
 */
function looksLikeGateway(image: Image): boolean {
  const config = image.config.config ?? {};
  const command = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  const names = [
    ...Object.values(config.Labels ?? {}),
    image.manifest.annotations?.[baseName] ?? "",
  ];
  return (
    /^drouter(?::|$)/u.test(config.User ?? "") ||
    command.some((word) => /(?:^|\/)drouter$/u.test(word)) ||
    (config.Env ?? []).some((entry) => entry.startsWith("DATAPOWER_")) ||
    Object.keys(config.Volumes ?? {}).some((path) =>
      /^(?:\/opt\/ibm\/datapower)?\/drouter(?:\/|$)/u.test(path),
    ) ||
    names.some((name) => /(?:ibmcom\/datapower|datapower\/datapower-(?:limited|cp4i))/u.test(name))
  );
}

const baseName = "org.opencontainers.image.base.name";
