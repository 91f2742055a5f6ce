import type { SecureVersion } from "node:tls";
import type { ConfigObject } from "../../config/model.ts";
import { lineOf, switchesOf } from "../properties.ts";
import type { Refusals } from "../refusals.ts";

/** The oldest and the newest TLS version of a profile. */
export interface ProtocolRange {
  readonly minVersion: SecureVersion;
  readonly maxVersion: SecureVersion;
}

const ordered = [
  ["TLSv1d0", "TLSv1"],
  ["TLSv1d1", "TLSv1.1"],
  ["TLSv1d2", "TLSv1.2"],
  ["TLSv1d3", "TLSv1.3"],
] as const satisfies readonly (readonly [string, SecureVersion])[];

/**
 * The `protocols` of a TLS profile. Refuses SSLv3, which the TLS library does not have, an empty
 * set, and a set with a gap, which OpenSSL can only describe as a range.
 */
export function protocolRange(object: ConfigObject, refusals: Refusals): ProtocolRange {
  return rangeOf(object, switchesOf(object, "protocols"), "protocols", refusals);
}

/** The range of an older profile's `option-string`, which says what is disabled. */
export function olderProtocolRange(profile: ConfigObject, refusals: Refusals): ProtocolRange {
  const options = switchesOf(profile, "option-string");
  const disabled = new Map([
    ["Disable-TLSv1", "TLSv1d0"],
    ["Disable-TLSv1d1", "TLSv1d1"],
    ["Disable-TLSv1d2", "TLSv1d2"],
    ["Disable-TLSv1d3", "TLSv1d3"],
  ]);
  const on = new Set<string>(ordered.map(([name]) => name));
  for (const option of options) {
    const version = disabled.get(option);
    if (version !== undefined) on.delete(version);
    else if (!/^(?:OpenSSL-default|Disable-SSLv2|Disable-SSLv3)$/.test(option)) {
      const line = lineOf(profile, "option-string");
      refusals.add(profile, `option ${option} is not served`, line);
    }
  }
  return rangeOf(profile, on, "option-string", refusals);
}

/**
 * The security level that OpenSSL needs for a range, as a suffix of a cipher list: TLS before 1.2
 * signs with SHA-1, which only level 0 allows.
 */
export function securityLevel({ minVersion }: ProtocolRange): string {
  return minVersion === "TLSv1" || minVersion === "TLSv1.1" ? "@SECLEVEL=0" : "";
}

function rangeOf(
  object: ConfigObject,
  on: ReadonlySet<string>,
  property: string,
  refusals: Refusals,
): ProtocolRange {
  const line = lineOf(object, property);
  for (const name of on) {
    if (!ordered.some(([known]) => known === name)) {
      refusals.add(object, `protocol ${name} is not served`, line);
    }
  }
  const first = ordered.findIndex(([name]) => on.has(name));
  const last = ordered.findLastIndex(([name]) => on.has(name));
  if (first < 0) {
    refusals.add(object, "it allows no TLS version", line);
    return { minVersion: "TLSv1.3", maxVersion: "TLSv1.3" };
  }
  if (ordered.slice(first, last + 1).some(([name]) => !on.has(name))) {
    refusals.add(object, "TLS versions with a gap between them are not served", line);
  }
  return { minVersion: ordered[first]![1], maxVersion: ordered[last]![1] };
}
