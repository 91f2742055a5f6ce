import {
  type ConfigDomain,
  type ConfigObject,
  type Configuration,
  objectKey,
} from "../../config/model.ts";
import { planBackside } from "../backside/plan-backside.ts";
import { readServerTls } from "../crypto/lazy-server-tls.ts";
import { localAddressOf } from "../local-address.ts";
import { messageType } from "../message-type.ts";
import { flagOf, lineOf, numberOf, textOf, unservedProperties } from "../properties.ts";
import type { Refusals } from "../refusals.ts";
import type { BackendPlan, ListenerPlan, ServicePlan } from "../service-plan.ts";
import { policyParts } from "./policy-parts.ts";
import { inert, served } from "./xmlfirewall-properties.ts";

/** What a firewall lets in: it has no switches for it but `disallow-get`. */
const features = (
  "HTTP-1.0 HTTP-1.1 POST GET PUT PATCH HEAD OPTIONS TRACE DELETE CustomMethods QueryString " +
  "FragmentIdentifiers DotDot DotDotInPath DotDotInQueryString CmdExe"
).split(" ");

/** Limits of the header, as source-http has them by default: a firewall has none of its own. */
const headerLimits = {
  maxUrlLength: 16_384,
  maxHeaderBytes: 128_000,
  maxHeaderCount: 0,
  maxHeaderNameLength: 0,
  maxHeaderValueLength: 0,
  maxQueryLength: 0,
  headerTimeout: 30_000,
  // it speaks HTTP/1 alone: the feature is not among the above
  http2: { maxStreams: 0, maxFrame: 0, idleTimeout: 0 },
};

/** The plan of an XML firewall; reasons against it go to `refusals`. */
export function planFirewall(
  configuration: Configuration,
  domain: ConfigDomain,
  object: ConfigObject,
  refusals: Refusals,
): ServicePlan {
  for (const { line, why } of unservedProperties(object, served, inert)) {
    refusals.add(object, why, line);
  }
  const backend = planBackend(domain, object, refusals);
  const requestType = messageType(object, "request-type", refusals);
  if (backend.type === "loopback" && requestType === "unprocessed") {
    const line = lineOf(object, "request-type");
    refusals.add(object, "an unprocessed request has no answer in a loopback firewall", line);
  }
  const timeout = numberOf(object, "http-timeout") * 1000;
  const persistentTimeout = numberOf(object, "persistent-timeout") * 1000;
  return {
    ...policyParts(configuration, domain, object, "stylesheet-policy", refusals),
    kind: "XMLFirewallService",
    alias: "xmlfirewall",
    listeners: [planOwnListener(configuration, domain, object, refusals)],
    backend,
    backside: planBackside(configuration, object, backend, refusals),
    requestType,
    responseType:
      backend.type === "loopback" ? "preprocessed" : messageType(object, "response-type", refusals),
    propagateUri: true,
    routedUri: "of the message",
    proxyHttpResponse: false,
    loopDetection: false,
    transactionTimeout: 0,
    processHttpErrors: true,
    allowCacheControl: true,
    followRedirects: false,
    frontTimeout: timeout,
    backTimeout: timeout,
    frontPersistentTimeout: persistentTimeout,
    backPersistentTimeout: persistentTimeout,
    clientIpLabel: textOf(object, "client-address"),
    transactionIdLabel: textOf(object, "http-global-tranID-label"),
  };
}

/** By `type`, or by `remote-address`: `%loopback%`, `%dynamic%`, or a host and a port. */
function planBackend(domain: ConfigDomain, object: ConfigObject, refusals: Refusals): BackendPlan {
  const older = lineOf(object, "remote-address");
  const [address = "", olderPort = ""] = older?.negated === true ? [] : (older?.arguments ?? []);
  if (address === "%loopback%") return { type: "loopback" };
  if (address === "%dynamic%") return { type: "dynamic" };
  const type = textOf(object, "type");
  if (address === "" && type === "loopback-proxy") return { type: "loopback" };
  if (address === "" && type === "dynamic-backend") return { type: "dynamic" };
  const host = address || textOf(object, "remote-ip-address");
  const port = olderPort || textOf(object, "remote-port");
  const scheme = speaksTls(domain, object) ? "https" : "http";
  const text = `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}/`;
  if (host !== "" && /^\d+$/.test(port) && URL.canParse(text)) {
    return { type: "static", url: new URL(text) };
  }
  const line = older ?? lineOf(object, "remote-ip-address") ?? lineOf(object, "type");
  refusals.add(object, `its remote address "${host}" with port "${port}" is none`, line);
  return { type: "dynamic" };
}

/** To its backend a firewall speaks TLS when it has a client profile, or a proxy profile's forward. */
function speaksTls(domain: ConfigDomain, object: ConfigObject): boolean {
  if (textOf(object, "ssl-client") !== "") return true;
  const profile = domain.objects.get(objectKey("SSLProxyProfile", textOf(object, "ssl")));
  return profile !== undefined && textOf(profile, "direction") !== "reverse";
}

function planOwnListener(
  configuration: Configuration,
  domain: ConfigDomain,
  object: ConfigObject,
  refusals: Refusals,
): ListenerPlan {
  const [olderAddress = "", olderPort = ""] = lineOf(object, "local-address")?.arguments ?? [];
  const port = olderPort === "" ? numberOf(object, "port") : Number(olderPort);
  if (!(port >= 1 && port <= 65535)) {
    const line = lineOf(object, olderPort === "" ? "port" : "local-address");
    refusals.add(object, "its port is not 1 to 65535", line);
  }
  const secure = ["ssl-server", "ssl-sni-server", "ssl"].some(
    (name) => textOf(object, name) !== "",
  );
  const { root, domains } = configuration;
  const reader = { root, domain, refusals, env: process.env, now: new Date() };
  const allowed = flagOf(object, "disallow-get")
    ? features.filter((feature) => feature !== "GET" && feature !== "HEAD")
    : features;
  return {
    alias: "xmlfirewall",
    name: object.name,
    domain: domain.name,
    origin: object.origin,
    address: localAddressOf(
      object,
      olderAddress || textOf(object, "ip-address"),
      domains,
      refusals,
    ),
    port,
    features: new Set(allowed),
    persistent: flagOf(object, "persistent-connections"),
    maxPersistentReuse: 0,
    ...headerLimits,
    compression: false,
    chunked: true,
    webSocket: false,
    webSocketIdle: 0,
    tls: secure ? readServerTls(reader, object) : undefined,
  };
}
