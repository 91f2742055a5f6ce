import { constants } from "node:crypto";
import type { SecureContextOptions } from "node:tls";
import type { ConfigObject } from "../../config/model.ts";
import type { HostCheck, SecurePlan } from "../backside/secure-plan.ts";
import { flagOf, lineOf, switchesOf, textOf, unservedProperties } from "../properties.ts";
import {
  type CryptoReader,
  type Reference,
  readIdentity,
  readValidation,
} from "./crypto-objects.ts";
import { olderProtocolRange } from "./protocols.ts";
import { liveObject } from "./server-profile.ts";
import { checkContext, tlsSettings, withLevel } from "./tls-settings.ts";

const served: ReadonlySet<string> = new Set([
  "protocols",
  "ciphers",
  "idcred",
  "validate-server-cert",
  "valcred",
  "caching",
  "ssl-client-features",
  "curves",
  "sign-alg",
  "disable-renegotiation",
  "use-custom-sni-hostname",
  "custom-sni-hostname",
  "validate-hostname",
  "hostname-validation-flags",
  "hostname-validation-fail",
]);

/**
 * Without effect: a session is kept for each backend and used as long as the backend takes it; the
 * compatibility of TLS 1.3 with middle boxes is always on; an answer cut off is found by its framing.
 */
const inert: ReadonlySet<string> = new Set([
  "cache-timeout",
  "cache-size",
  "enable-tls13-compat",
  "require-closure-notification",
]);

/** The plan of an `ssl-client`; undefined after a refusal. */
export function readClientProfile(
  reader: CryptoReader,
  name: string,
  from: Reference,
): SecurePlan | undefined {
  const object = liveObject(reader, "SSLClientProfile", "ssl-client", name, from);
  if (object === undefined) return undefined;
  const { refusals } = reader;
  for (const { line, why } of unservedProperties(object, served, inert)) {
    refusals.add(object, why, line);
  }
  const features = featuresOf(reader, object);
  const identity = identityOf(reader, object, textOf(object, "idcred"), "idcred");
  const validation = flagOf(object, "validate-server-cert")
    ? validationOf(reader, object, textOf(object, "valcred"), "valcred")
    : "every certificate";
  if (identity === undefined || validation === undefined) return undefined;
  const settings = tlsSettings(object, refusals);
  const insecure = features.has("permit-insecure-servers")
    ? constants.SSL_OP_LEGACY_SERVER_CONNECT
    : 0;
  const context: SecureContextOptions = {
    ...settings,
    ...identity,
    ...trusted(validation),
    secureOptions: (settings.secureOptions ?? 0) | insecure,
  };
  checkContext(object, context, refusals);
  return {
    name,
    context,
    validation,
    hostCheck: hostCheckOf(object),
    sni: sniOf(object, features, reader),
    resumes: flagOf(object, "caching"),
  };
}

/** The forward side of an older `sslproxy`; undefined after a refusal. */
export function readOlderClientProfile(
  reader: CryptoReader,
  name: string,
  from: Reference,
): SecurePlan | undefined {
  const proxy = liveObject(reader, "SSLProxyProfile", "sslproxy", name, from);
  if (proxy === undefined) return undefined;
  const { refusals } = reader;
  const direction = lineOf(proxy, "direction");
  if (textOf(proxy, "direction") === "reverse") {
    refusals.add(proxy, "a reverse sslproxy is for clients, not for backends", direction);
  }
  const profile = liveObject(reader, "CryptoProfile", "profile", textOf(proxy, "forward-profile"), {
    object: proxy,
    line: lineOf(proxy, "forward-profile") ?? direction,
  });
  if (profile === undefined) return undefined;
  const known = new Set(["idcred", "ssl", "ciphers", "option-string", "clientcalist"]);
  for (const { line, why } of unservedProperties(profile, known, new Set())) {
    refusals.add(profile, why, line);
  }
  const range = olderProtocolRange(profile, refusals);
  const identity = identityOf(reader, profile, textOf(profile, "idcred"), "idcred");
  // a profile without a valcred accepted any certificate
  const list = textOf(profile, "ssl");
  const validation = list === "" ? "every certificate" : validationOf(reader, profile, list, "ssl");
  if (identity === undefined || validation === undefined) return undefined;
  const ciphers = textOf(profile, "ciphers");
  const insecure = flagOf(proxy, "permit-insecure-servers")
    ? constants.SSL_OP_LEGACY_SERVER_CONNECT
    : 0;
  const context: SecureContextOptions = {
    ...range,
    ...(ciphers === "" ? {} : { ciphers: withLevel(ciphers, range) }),
    ...identity,
    ...trusted(validation),
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | insecure,
  };
  checkContext(profile, context, refusals);
  const resumes = flagOf(proxy, "client-cache");
  return { name, context, validation, hostCheck: undefined, sni: "host", resumes };
}

function featuresOf({ refusals }: CryptoReader, object: ConfigObject): ReadonlySet<string> {
  const line = lineOf(object, "ssl-client-features");
  // what the catalogue's defaults leave out, saved configurations have: the host is asked for
  if (line === undefined) return new Set(["use-sni"]);
  const features = switchesOf(object, "ssl-client-features");
  for (const feature of features) {
    if (feature !== "use-sni" && feature !== "permit-insecure-servers") {
      refusals.add(object, `feature ${feature} is not served`, line);
    }
  }
  return features;
}

/** Key and certificates to show when the backend asks; none where no idcred is named. */
function identityOf(
  reader: CryptoReader,
  object: ConfigObject,
  name: string,
  property: string,
): Pick<SecureContextOptions, "key" | "cert"> | undefined {
  if (name === "") return {};
  const identity = readIdentity(reader, name, { object, line: lineOf(object, property) });
  return identity === undefined ? undefined : { key: identity.key, cert: identity.certificates };
}

function validationOf(
  reader: CryptoReader,
  object: ConfigObject,
  name: string,
  property: string,
): SecurePlan["validation"] | undefined {
  if (name === "") return "public authorities";
  return readValidation(reader, name, { object, line: lineOf(object, property) });
}

function trusted(validation: SecurePlan["validation"]): SecureContextOptions {
  return typeof validation === "string" ? {} : { ca: validation.certificates.map(String) };
}

function hostCheckOf(object: ConfigObject): HostCheck | undefined {
  if (!flagOf(object, "validate-hostname")) return undefined;
  const flags = switchesOf(object, "hostname-validation-flags");
  return {
    fatal: flagOf(object, "hostname-validation-fail"),
    subject: flags.has("X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT") ? "always" : "default",
    wildcards: !flags.has("X509_CHECK_FLAG_NO_WILDCARDS"),
    partialWildcards: !flags.has("X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS"),
    multiLabelWildcards: flags.has("X509_CHECK_FLAG_MULTI_LABEL_WILDCARDS"),
    singleLabelSubdomains: flags.has("X509_CHECK_FLAG_SINGLE_LABEL_SUBDOMAINS"),
  };
}

function sniOf(
  object: ConfigObject,
  features: ReadonlySet<string>,
  { refusals }: CryptoReader,
): SecurePlan["sni"] {
  if (flagOf(object, "use-custom-sni-hostname")) {
    const custom = textOf(object, "custom-sni-hostname");
    const line = lineOf(object, "use-custom-sni-hostname");
    if (custom === "") refusals.add(object, "it has no custom-sni-hostname", line);
    return { custom };
  }
  return features.has("use-sni") ? "host" : "none";
}
