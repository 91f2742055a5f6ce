import { Fault } from "@lithify/fault";
import type { Descriptor, Platform } from "./manifest.ts";
import { indexMediaTypes } from "./manifest-parse.ts";

/** The platform that images run on here. */
export function thisPlatform(): Platform {
  const names: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", ppc64: "ppc64le" };
  return { os: "linux", architecture: names[process.arch] ?? process.arch };
}

export function platformText({ os, architecture, variant }: Platform): string {
  return variant === undefined ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

/** Whether what is for `found` is what `wanted` asks for; a variant that is not asked for may be any. */
export function fitsPlatform(found: Platform, wanted: Platform): boolean {
  if (found.os !== wanted.os || found.architecture !== wanted.architecture) return false;
  return wanted.variant === undefined || variantOf(found) === variantOf(wanted);
}

/**
 * The member of an index for a platform: of several variants the one that is asked for, else the usual one, else the
 * first. Where no member is, an index among them that says nothing, or the only manifest that says nothing.
 * @throws Fault IMAGE_UNKNOWN; it lists the platforms that there are
 */
export function memberFor(
  members: readonly Descriptor[],
  wanted: Platform,
  what: string,
): Descriptor {
  const fitting = members.filter(
    ({ platform }) => platform !== undefined && fitsPlatform(platform, wanted),
  );
  const usual = fitting.find(
    ({ platform }) => platform !== undefined && variantOf(platform) === variantOf(wanted),
  );
  const silent = members.filter(({ platform }) => platform === undefined);
  const index = silent.find(({ mediaType }) => indexMediaTypes.includes(mediaType));
  const only = silent.length === 1 && members.length === 1 ? silent[0] : undefined;
  const member = usual ?? fitting[0] ?? index ?? only;
  if (member !== undefined) return member;
  throw new Fault("IMAGE_UNKNOWN", `image ${what}`, {
    why: "its index has no member for the platform",
    values: { platform: platformText(wanted), members: textOf(members) },
    hint: "Choose one of its members with --platform OS/ARCHITECTURE.",
  });
}

/** Attestations stand in an index as `unknown/unknown`. */
function textOf(members: readonly Descriptor[]): string {
  const texts = members.flatMap(({ platform }) =>
    platform === undefined || platform.os === "unknown" ? [] : [platformText(platform)],
  );
  return texts.length === 0 ? "none" : texts.join(" ");
}

/** What is left out when a platform is written: `arm` is `arm/v7`, `arm64` is `arm64/v8`, `amd64` is `amd64/v1`. */
function variantOf({ architecture, variant }: Platform): string | undefined {
  return variant ?? usualVariants[architecture];
}

const usualVariants: Readonly<Record<string, string>> = { arm: "v7", arm64: "v8", amd64: "v1" };
