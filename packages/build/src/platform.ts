import { Fault, type Place } from "@lithify/fault";

export interface PlatformName {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** What this machine runs: always linux inside a container. */
export function machinePlatform(): PlatformName {
  return { os: "linux", architecture: architectures[process.arch] ?? process.arch };
}

/** `linux/amd64`, `linux/arm64/v8`. @throws Fault PLATFORM_INVALID */
export function parsePlatform(text: string, place?: Place): PlatformName {
  const match = /^(linux)\/([a-z0-9]+)(?:\/([a-z0-9]+))?$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined)
    throw new Fault("PLATFORM_INVALID", `the platform ${text}`, {
      ...(place === undefined ? {} : { place }),
    });
  const [, os, architecture, variant] = match;
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

/** The ARGs that every Dockerfile may declare without giving them a value. */
export function platformArguments(target: PlatformName): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [prefix, platform] of [
    ["TARGET", target],
    ["BUILD", machinePlatform()],
  ] as const) {
    const { os, architecture, variant } = platform;
    values.set(`${prefix}PLATFORM`, [os, architecture, variant].filter(Boolean).join("/"));
    values.set(`${prefix}OS`, os);
    values.set(`${prefix}ARCH`, architecture);
    values.set(`${prefix}VARIANT`, variant ?? "");
  }
  return values;
}
