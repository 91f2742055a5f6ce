import type { ConfigObject, Configuration } from "../config/model.ts";
import { readAccessList } from "./access-list.ts";
import { readServerTls } from "./crypto/lazy-server-tls.ts";
import { localAddressOf } from "./local-address.ts";
import { flagOf, lineOf, numberOf, switchesOf, textOf, unservedProperties } from "./properties.ts";
import type { Refusals } from "./refusals.ts";
import type { ListenerPlan } from "./service-plan.ts";

const served: ReadonlySet<string> = new Set([
  "local-address",
  "port",
  "allowed-features",
  "persistent-connections",
  "max-persistent-reuse",
  "max-url-len",
  "max-total-header-len",
  "max-header-count",
  "max-header-name-len",
  "max-header-value-len",
  "max-querystring-len",
  "header-timeout",
  "acl",
  "compression",
  "websocket-upgrade",
  "websocket-idle-timeout",
  "chunked-encoding",
  "http2-max-streams",
  "http2-max-frame",
  "http2-idle-timeout",
]);

/** Without effect while the feature they tune is off, or on what goes over the wire at all. */
const inert: ReadonlySet<string> = new Set(["websocket-idle-timeout", "credential-charset"]);

/** What a source-https has besides. */
const secureProperties = ["ssl-config-type", "ssl-server", "ssl-sni-server", "ssl"];

const servedFeatures: ReadonlySet<string> = new Set(
  (
    "HTTP-1.0 HTTP-1.1 HTTP-2.0 POST GET PUT PATCH HEAD OPTIONS TRACE DELETE CustomMethods " +
    "QueryString FragmentIdentifiers DotDot DotDotInPath DotDotInQueryString CmdExe"
  ).split(" "),
);

/**
 * The plan of a source-http or source-https, with every reason why it cannot be one added to
 * `refusals`.
 */
export function planListener(
  handler: ConfigObject,
  configuration: Configuration,
  refusals: Refusals,
): ListenerPlan {
  const { root, domains } = configuration;
  const secure = handler.kind === "HTTPSSourceProtocolHandler";
  const features = switchesOf(handler, "allowed-features");
  const known = new Set([
    ...served,
    ...(secure ? secureProperties : []),
    // it tunes what is off
    ...(features.has("HTTP-2.0") ? [] : ["http2-stream-header"]),
  ]);
  for (const { line, why } of unservedProperties(handler, known, inert)) {
    refusals.add(handler, why, line);
  }
  for (const feature of features) {
    if (servedFeatures.has(feature)) continue;
    refusals.add(handler, `feature ${feature} is not served`, lineOf(handler, "allowed-features"));
  }
  const port = numberOf(handler, "port");
  if (!(port >= 1 && port <= 65535)) {
    refusals.add(handler, "its port is not 1 to 65535", lineOf(handler, "port"));
  }
  const domain = domains.get(handler.domain)!;
  const reader = { root, domain, refusals, env: process.env, now: new Date() };
  return {
    alias: secure ? "source-https" : "source-http",
    tls: secure ? readServerTls(reader, handler) : undefined,
    name: handler.name,
    domain: handler.domain,
    origin: handler.origin,
    address: localAddressOf(handler, textOf(handler, "local-address"), domains, refusals),
    port,
    features,
    persistent: flagOf(handler, "persistent-connections"),
    maxPersistentReuse: numberOf(handler, "max-persistent-reuse"),
    maxUrlLength: numberOf(handler, "max-url-len"),
    maxHeaderBytes: numberOf(handler, "max-total-header-len"),
    maxHeaderCount: numberOf(handler, "max-header-count"),
    maxHeaderNameLength: numberOf(handler, "max-header-name-len"),
    maxHeaderValueLength: numberOf(handler, "max-header-value-len"),
    maxQueryLength: numberOf(handler, "max-querystring-len"),
    headerTimeout: numberOf(handler, "header-timeout"),
    admits: readAccessList(handler, configuration, refusals),
    compression: flagOf(handler, "compression"),
    webSocket: flagOf(handler, "websocket-upgrade"),
    webSocketIdle: numberOf(handler, "websocket-idle-timeout") * 1000,
    chunked: flagOf(handler, "chunked-encoding"),
    http2: {
      maxStreams: numberOf(handler, "http2-max-streams"),
      maxFrame: numberOf(handler, "http2-max-frame"),
      idleTimeout: numberOf(handler, "http2-idle-timeout"),
    },
  };
}
