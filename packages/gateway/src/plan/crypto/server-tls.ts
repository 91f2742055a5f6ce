import type { ConfigObject } from "../../config/model.ts";
import { lineOf, linesOf, textOf, unservedProperties } from "../properties.ts";
import { wildcard } from "../wildcard.ts";
import type { CryptoReader, Reference } from "./crypto-objects.ts";
import { protocolRange } from "./protocols.ts";
import {
  liveObject,
  readOlderProfile,
  readServerProfile,
  refuseOptions,
} from "./server-profile.ts";
import type { ServerProfile, ServerTls } from "./server-tls-plan.ts";

/**
 * The TLS side of a source-https: by `ssl-config-type` an ssl-server, an ssl-sni-server, or an older
 * sslproxy. Undefined after a refusal.
 */
export function readServerTls(reader: CryptoReader, handler: ConfigObject): ServerTls | undefined {
  const type = lineOf(handler, "ssl-config-type")?.arguments[0] ?? impliedType(handler);
  const at = (property: string): Reference => ({
    object: handler,
    line: lineOf(handler, property),
  });
  switch (type) {
    case "server":
      return single(readServerProfile(reader, textOf(handler, "ssl-server"), at("ssl-server")));
    case "proxy":
      return single(readOlderProfile(reader, textOf(handler, "ssl"), at("ssl")));
    case "sni":
      return readSniServer(reader, textOf(handler, "ssl-sni-server"), at("ssl-sni-server"));
    default:
      reader.refusals.add(
        handler,
        `ssl-config-type ${type} is not known`,
        lineOf(handler, "ssl-config-type"),
      );
      return undefined;
  }
}

/** Older configurations name an sslproxy and no type. */
function impliedType(handler: ConfigObject): string {
  return lineOf(handler, "ssl") !== undefined && lineOf(handler, "ssl-server") === undefined
    ? "proxy"
    : "server";
}

function single(profile: ServerProfile | undefined): ServerTls | undefined {
  return profile === undefined
    ? undefined
    : { byHost: false, profiles: [profile], profileFor: () => profile };
}

/** The protocols are those of the SNI server: they are agreed on before the host counts. */
function readSniServer(reader: CryptoReader, name: string, from: Reference): ServerTls | undefined {
  const server = liveObject(reader, "SSLSNIServerProfile", "ssl-sni-server", name, from);
  if (server === undefined) return undefined;
  const { refusals } = reader;
  const served = new Set(["protocols", "sni-server-mapping", "sni-server-default", "ssl-options"]);
  const inert = new Set(["max-duration", "max-renegotiation-allowed"]);
  for (const { line, why } of unservedProperties(server, served, inert)) {
    refusals.add(server, why, line);
  }
  refuseOptions(reader, server);
  const range = protocolRange(server, refusals);
  const mappingLine = lineOf(server, "sni-server-mapping");
  const mapping = liveObject(
    reader,
    "SSLSNIMapping",
    "ssl-sni-mapping",
    textOf(server, "sni-server-mapping"),
    { object: server, line: mappingLine },
  );
  const defaultLine = lineOf(server, "sni-server-default");
  const otherwise =
    textOf(server, "sni-server-default") === ""
      ? undefined
      : readServerProfile(
          reader,
          textOf(server, "sni-server-default"),
          { object: server, line: defaultLine },
          range,
        );
  if (mapping === undefined) return undefined;
  const hosts = linesOf(mapping, "sni-mapping").flatMap((line) => {
    const [pattern = "", profileName = ""] = line.arguments;
    const profile = readServerProfile(reader, profileName, { object: mapping, line }, range);
    const matches = wildcard(pattern.toLowerCase());
    return profile === undefined ? [] : [{ matches, profile }];
  });
  if (hosts.length === 0) refusals.add(mapping, "it has no sni-mapping that can be served");
  const profiles = [...hosts.map(({ profile }) => profile)];
  if (otherwise !== undefined) profiles.push(otherwise);
  return {
    byHost: true,
    profiles,
    profileFor: (host) => {
      if (host === undefined) return otherwise;
      const asked = host.toLowerCase().replace(/\.$/, "");
      return hosts.find(({ matches }) => matches(asked))?.profile ?? otherwise;
    },
  };
}
