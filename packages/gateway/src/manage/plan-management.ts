import { type ConfigObject, type Configuration, objectKey } from "../config/model.ts";
import { lineOf, numberOf, textOf } from "../plan/properties.ts";

/** One management interface that is enabled. */
export interface InterfacePlan {
  readonly of: "rest" | "page";
  /** As messages name it, with file and line. */
  readonly label: string;
  readonly address: string;
  readonly port: number;
  /** The profile that it is to serve TLS with; undefined for a certificate of its own making. */
  readonly sslServer?: string;
  readonly sslSniServer?: string;
}

/** The interfaces that the default domain enables: `rest-mgmt` and `web-mgmt`. */
export function planManagement(configuration: Configuration): readonly InterfacePlan[] {
  const domain = configuration.domains.get("default");
  if (domain === undefined || !domain.whole) return [];
  const kinds = [
    ["rest", "RestMgmtInterface", "rest-mgmt"],
    ["page", "WebGUI", "web-mgmt"],
  ] as const;
  return kinds.flatMap(([of, kind, alias]) => {
    const object = domain.objects.get(objectKey(kind, alias));
    return object?.enabled === true ? [planInterface(of, object, configuration)] : [];
  });
}

function planInterface(
  of: InterfacePlan["of"],
  object: ConfigObject,
  configuration: Configuration,
): InterfacePlan {
  // older files have address and port on one line
  const [oldAddress, oldPort] = lineOf(object, "local-address")?.arguments ?? [];
  const address = oldAddress ?? textOf(object, "ip-address");
  const isSni = textOf(object, "ssl-config-type") === "sni";
  const sslServer = textOf(object, "ssl-server");
  const sslSniServer = textOf(object, "ssl-sni-server");
  const { file, line } = object.origin;
  return {
    of,
    label: `${object.alias} (${file}:${line})`,
    address: addressOf(address, configuration),
    port: oldPort === undefined ? numberOf(object, "port") : Number(oldPort),
    ...(isSni || sslServer === "" ? {} : { sslServer }),
    ...(isSni && sslSniServer !== "" ? { sslSniServer } : {}),
  };
}

/** `0` is every address; a name is a host-alias of the default domain. */
function addressOf(text: string, configuration: Configuration): string {
  if (text === "0" || text === "") return "0.0.0.0";
  const alias = configuration.domains.get("default")?.objects.get(objectKey("HostAlias", text));
  return alias?.enabled === true ? textOf(alias, "ip-address") : text;
}
