import { constants, createHash } from "node:crypto";
import type { SecureContextOptions } from "node:tls";
import { type ConfigObject, objectKey } from "../../config/model.ts";
import { flagOf, lineOf, numberOf, switchesOf, textOf, unservedProperties } from "../properties.ts";
import {
  type CryptoReader,
  type Reference,
  readIdentity,
  readValidation,
} from "./crypto-objects.ts";
import type { Validation } from "./peer-check.ts";
import { olderProtocolRange, type ProtocolRange } from "./protocols.ts";
import type { ServerProfile } from "./server-tls-plan.ts";
import { checkContext, tlsSettings, withLevel } from "./tls-settings.ts";

const served: readonly string[] = [
  "protocols",
  "ciphers",
  "idcred",
  "request-client-auth",
  "require-client-auth",
  "validate-client-cert",
  "send-client-auth-ca-list",
  "valcred",
  "caching",
  "cache-timeout",
  "curves",
  "sign-alg",
  "disable-renegotiation",
  "max-renegotiation-allowed",
  "prefer-server-ciphers",
  "prioritize-chacha",
  "ssl-options",
];

/** Without effect: sessions are kept by clients (tickets), and nothing is ever renegotiated. */
const inert: ReadonlySet<string> = new Set([
  "cache-size",
  "max-duration",
  "prohibit-resume-on-reneg",
  "require-closure-notification",
]);

/** The plan of an `ssl-server`; undefined after a refusal. `range` is that of an SNI server. */
export function readServerProfile(
  reader: CryptoReader,
  name: string,
  from: Reference,
  range?: ProtocolRange,
): ServerProfile | undefined {
  const object = liveObject(reader, "SSLServerProfile", "ssl-server", name, from);
  if (object === undefined) return undefined;
  const { refusals } = reader;
  for (const { line, why } of unservedProperties(object, new Set(served), inert)) {
    refusals.add(object, why, line);
  }
  refuseOptions(reader, object);
  const settings = tlsSettings(object, refusals, range);
  const line = lineOf(object, "idcred");
  const identity = readIdentity(reader, textOf(object, "idcred"), { object, line });
  const wants = flagOf(object, "request-client-auth");
  const validates = wants && flagOf(object, "validate-client-cert");
  const validation = validates
    ? readValidation(reader, textOf(object, "valcred"), { object, line: lineOf(object, "valcred") })
    : undefined;
  if (identity === undefined || (validates && validation === undefined)) return undefined;
  const context: SecureContextOptions = {
    ...settings,
    key: identity.key,
    cert: identity.certificates,
    dhparam: "auto",
    honorCipherOrder: flagOf(object, "prefer-server-ciphers"),
    ...trusted(reader, object, validation),
    ...sessions(object, settings.secureOptions ?? 0),
  };
  checkContext(object, context, refusals);
  const required = flagOf(object, "require-client-auth");
  const clientCertificate = wants ? (required ? "required" : "wanted") : "unwanted";
  return { name, context, clientCertificate, validation };
}

/** The reverse side of an older `sslproxy` as a server profile; undefined after a refusal. */
export function readOlderProfile(
  reader: CryptoReader,
  name: string,
  from: Reference,
): ServerProfile | undefined {
  const proxy = liveObject(reader, "SSLProxyProfile", "sslproxy", name, from);
  if (proxy === undefined) return undefined;
  const { refusals } = reader;
  const line = lineOf(proxy, "direction");
  if (textOf(proxy, "direction") === "forward") {
    refusals.add(proxy, "a forward sslproxy is for backends, not for clients", line);
  }
  const profileName = textOf(proxy, "reverse-profile");
  const at = { object: proxy, line: lineOf(proxy, "reverse-profile") ?? line };
  const profile = liveObject(reader, "CryptoProfile", "profile", profileName, at);
  if (profile === undefined) return undefined;
  const known = new Set(["idcred", "ssl", "ciphers", "option-string", "clientcalist"]);
  for (const { line, why } of unservedProperties(profile, known, new Set())) {
    refusals.add(profile, why, line);
  }
  const range = olderProtocolRange(profile, refusals);
  const identity = readIdentity(reader, textOf(profile, "idcred"), {
    object: profile,
    line: lineOf(profile, "idcred"),
  });
  const list = lineOf(profile, "ssl");
  const validation =
    list === undefined
      ? undefined
      : readValidation(reader, textOf(profile, "ssl"), { object: profile, line: list });
  if (identity === undefined || (list !== undefined && validation === undefined)) return undefined;
  const ciphers = textOf(profile, "ciphers");
  const context: SecureContextOptions = {
    ...range,
    ...(ciphers === "" ? {} : { ciphers: withLevel(ciphers, range) }),
    key: identity.key,
    cert: identity.certificates,
    dhparam: "auto",
    ...(validation === undefined || !flagOf(profile, "clientcalist")
      ? {}
      : { ca: validation.certificates.map(String) }),
    sessionTimeout: numberOf(proxy, "sess-timeout"),
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  };
  checkContext(profile, context, refusals);
  const optional = flagOf(proxy, "client-auth-optional");
  const always = flagOf(proxy, "client-auth-always-request");
  if (validation === undefined) {
    const clientCertificate = always ? "wanted" : "unwanted";
    if (always) refusals.add(proxy, "client certificates without a valcred are not served", line);
    return { name, context, clientCertificate, validation };
  }
  const clientCertificate = optional ? "wanted" : "required";
  return { name, context, clientCertificate, validation };
}

/** The object of this kind and name if it is there and enabled; else a refusal. */
export function liveObject(
  { domain, refusals }: CryptoReader,
  kind: string,
  alias: string,
  name: string,
  from: Reference,
): ConfigObject | undefined {
  const object = domain.objects.get(objectKey(kind, name));
  if (object?.enabled) return object;
  if (object !== undefined) refusals.add(object, "it is disabled");
  else {
    const why = name === "" ? `it has no ${alias}` : `${alias} "${name}" does not exist`;
    refusals.add(from.object, why, from.line);
  }
  return undefined;
}

/** The `ssl-options` of a profile switch limits on, of which none is served. */
export function refuseOptions({ refusals }: CryptoReader, object: ConfigObject): void {
  for (const option of switchesOf(object, "ssl-options")) {
    refusals.add(object, `option ${option} is not served`, lineOf(object, "ssl-options"));
  }
}

/**
 * The certificates of a validation as authorities: the TLS library needs them for `pkix`, and tells
 * clients their names. Without them it would trust the public authorities, but its verdict is not
 * asked for then.
 */
function trusted(
  { refusals }: CryptoReader,
  object: ConfigObject,
  validation: Validation | undefined,
): { ca?: string[] } {
  if (validation === undefined) return {};
  if (!flagOf(object, "send-client-auth-ca-list")) {
    if (validation.mode !== "pkix") return {};
    const line = lineOf(object, "send-client-auth-ca-list");
    refusals.add(
      object,
      "pkix validation without sending the list of authorities is not served",
      line,
    );
  }
  return { ca: validation.certificates.map(String) };
}

function sessions(object: ConfigObject, secureOptions: number): SecureContextOptions {
  const chacha = flagOf(object, "prioritize-chacha") ? constants.SSL_OP_PRIORITIZE_CHACHA : 0;
  const tickets = flagOf(object, "caching") ? 0 : constants.SSL_OP_NO_TICKET;
  return {
    secureOptions: secureOptions | chacha | tickets,
    sessionTimeout: numberOf(object, "cache-timeout"),
    // sessions of one profile are none of another: their clients were asked for other certificates
    sessionIdContext: createHash("sha256")
      .update(`${object.domain}/${object.name}`)
      .digest("hex")
      .slice(0, 32),
  };
}
