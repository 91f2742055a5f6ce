import { hostname } from "node:os";
import { type Configuration, objectKey } from "../config/model.ts";
import type { CryptoReader } from "../plan/crypto/crypto-objects.ts";
import type { ServerTls } from "../plan/crypto/server-tls-plan.ts";
import { Refusals } from "../plan/refusals.ts";
import { obstacleText } from "../plan/service-plan.ts";
import { hasProfile, type InterfacePlan, interfaceKinds } from "./interface-plan.ts";
import { selfSigned } from "./self-signed.ts";

let made: ServerTls | undefined;

/**
 * The TLS side of an interface: its ssl-server or ssl-sni-server; where it names none, a
 * certificate made in memory, the same for all interfaces of this process. Throws an Error that
 * says why a profile cannot be used.
 */
export async function interfaceTls(
  configuration: Configuration,
  of: InterfacePlan["of"],
): Promise<ServerTls> {
  const [kind, alias] = interfaceKinds[of];
  const domain = configuration.domains.get("default");
  const object = domain?.objects.get(objectKey(kind, alias));
  if (domain === undefined || object === undefined || !hasProfile(object)) {
    made ??= ownTls();
    return made;
  }
  const { readServerTls } = await import("../plan/crypto/server-tls.ts");
  const refusals = new Refusals(object);
  const { root } = configuration;
  const reader: CryptoReader = { root, domain, refusals, env: process.env, now: new Date() };
  const tls = readServerTls(reader, object);
  const [first] = refusals.list;
  if (tls === undefined || first !== undefined) {
    throw new Error(first === undefined ? "its TLS profile" : obstacleText(first));
  }
  return tls;
}

function ownTls(): ServerTls {
  const { key, cert } = selfSigned(hostname(), new Date());
  const profile = {
    name: "(self-signed)",
    context: { key, cert, minVersion: "TLSv1.2" },
    clientCertificate: "unwanted",
    validation: undefined,
  } as const;
  return { byHost: false, profiles: [profile], profileFor: () => profile };
}
