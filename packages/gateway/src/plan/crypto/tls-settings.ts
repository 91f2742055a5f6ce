import { constants } from "node:crypto";
import { createSecureContext, DEFAULT_CIPHERS, type SecureContextOptions } from "node:tls";
import type { ConfigObject } from "../../config/model.ts";
import { flagOf, lineOf, numberOf } from "../properties.ts";
import type { Refusals } from "../refusals.ts";
import { cipherList } from "./ciphers.ts";
import { curveList, signatureList } from "./groups.ts";
import { type ProtocolRange, protocolRange, securityLevel } from "./protocols.ts";

/**
 * The settings that an ssl-server and an ssl-client have in common: protocols (or `range`, where
 * another object decides), ciphers, curves, signature algorithms, renegotiation.
 */
export function tlsSettings(
  profile: ConfigObject,
  refusals: Refusals,
  range: ProtocolRange = protocolRange(profile, refusals),
): SecureContextOptions {
  const ciphers = cipherList(profile, refusals);
  const curves = curveList(profile, refusals);
  const sigalgs = signatureList(profile, refusals);
  return {
    ...range,
    ciphers: withLevel(ciphers ?? DEFAULT_CIPHERS, range),
    ...(curves === undefined ? {} : { ecdhCurve: curves }),
    ...(sigalgs === undefined ? {} : { sigalgs }),
    secureOptions: renegotiation(profile, refusals),
  };
}

/** A cipher list with the security level that its range needs; TLS 1.3 has none of its own. */
export function withLevel(ciphers: string, range: ProtocolRange): string {
  const level = securityLevel(range);
  const older = ciphers.split(":").some((name) => !name.startsWith("TLS_"));
  return level === "" || !older ? ciphers : `${ciphers}:${level}`;
}

/** Adds a refusal when the TLS library does not take the options; says so in its own words. */
export function checkContext(
  profile: ConfigObject,
  options: SecureContextOptions,
  refusals: Refusals,
): void {
  if (refusals.list.length > 0) return;
  try {
    createSecureContext(options);
  } catch (error) {
    const { message } = error as Error;
    refusals.add(profile, `the TLS library does not take it: ${message}`);
  }
}

/**
 * Renegotiation is on only where a profile names a number of them; Node has no limit of its own
 * that could be set for each profile, so that any number is refused.
 */
function renegotiation(profile: ConfigObject, refusals: Refusals): number {
  if (
    numberOf(profile, "max-renegotiation-allowed") > 0 &&
    !flagOf(profile, "disable-renegotiation")
  ) {
    const line = lineOf(profile, "max-renegotiation-allowed");
    refusals.add(profile, "renegotiation is not served", line);
  }
  return constants.SSL_OP_NO_RENEGOTIATION;
}
