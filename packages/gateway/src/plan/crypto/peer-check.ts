import type { X509Certificate } from "node:crypto";

export type ValidationMode = "legacy" | "pkix" | "exact-match";

/** What a `valcred` accepts as the certificate of a peer. */
export interface Validation {
  readonly name: string;
  readonly mode: ValidationMode;
  readonly certificates: readonly X509Certificate[];
}

/** Extended key usages (RFC 5280, 4.2.1.12): of a client, of a server, and any. */
const usages = { client: "1.3.6.1.5.5.7.3.2", server: "1.3.6.1.5.5.7.3.1" } as const;
const anyUsage = "2.5.29.37.0";

/**
 * Why a peer's certificate is not accepted; undefined accepts it. Holds after the handshake, which
 * proved that the peer has the key. `legacy` accepts the certificate itself or its immediate
 * issuer, `exact-match` only itself. For `pkix` the TLS library must have built the whole chain up
 * to a root of the list, which `chainError` tells: undefined when it did.
 */
export function peerRefusal(
  validation: Validation,
  peer: X509Certificate | undefined,
  role: keyof typeof usages,
  now: Date,
  chainError: string | undefined,
): string | undefined {
  if (peer === undefined) return "there is no certificate";
  if (peer.validFromDate > now || peer.validToDate < now) return "it is out of its time";
  const allowed = peer.keyUsage as readonly string[] | undefined;
  if (allowed !== undefined && !allowed.includes(usages[role]) && !allowed.includes(anyUsage)) {
    return `it is not for a ${role}`;
  }
  switch (validation.mode) {
    case "pkix":
      return chainError;
    case "exact-match":
      return isListed(validation, peer) ? undefined : "it is not in the list";
    case "legacy":
      if (isListed(validation, peer)) return undefined;
      return validation.certificates.some((issuer) => hasIssued(issuer, peer, now))
        ? undefined
        : "neither it nor its issuer is in the list";
  }
}

function isListed({ certificates }: Validation, peer: X509Certificate): boolean {
  return certificates.some((each) => each.raw.equals(peer.raw));
}

function hasIssued(issuer: X509Certificate, peer: X509Certificate, now: Date): boolean {
  if (!issuer.ca || issuer.validFromDate > now || issuer.validToDate < now) return false;
  return peer.checkIssued(issuer) && peer.verify(issuer.publicKey);
}
