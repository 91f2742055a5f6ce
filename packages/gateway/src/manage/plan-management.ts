import { type ConfigObject, type Configuration, objectKey } from "../config/model.ts";
import { lineOf, numberOf, textOf } from "../plan/properties.ts";
import { hasProfile, type InterfacePlan, interfaceKinds } from "./interface-plan.ts";

/** The interfaces that the default domain enables: `rest-mgmt` and `web-mgmt`. */
export async function planManagement(
  configuration: Configuration,
): Promise<readonly InterfacePlan[]> {
  const domain = configuration.domains.get("default");
  if (domain === undefined || !domain.whole) return [];
  const plans: InterfacePlan[] = [];
  for (const name of ["rest", "page"] as const) {
    const [kind, alias] = interfaceKinds[name];
    const object = domain.objects.get(objectKey(kind, alias));
    if (object?.enabled === true) plans.push(await planInterface(name, object, configuration));
  }
  return plans;
}

async function planInterface(
  of: InterfacePlan["of"],
  object: ConfigObject,
  configuration: Configuration,
): Promise<InterfacePlan> {
  // older files have address and port on one line
  const [oldAddress, oldPort] = lineOf(object, "local-address")?.arguments ?? [];
  const address = oldAddress ?? textOf(object, "ip-address");
  const { file, line } = object.origin;
  const plan = {
    of,
    label: `${object.alias} (${file}:${line})`,
    address: addressOf(address, configuration),
    port: oldPort === undefined ? numberOf(object, "port") : Number(oldPort),
    hasProfile: hasProfile(object),
  };
  if (!plan.hasProfile) return plan;
  try {
    const { interfaceTls } = await import("./interface-tls.ts");
    await interfaceTls(configuration, of);
    return plan;
  } catch (error) {
    return { ...plan, unserved: (error as Error).message };
  }
}

/** `0` is every address; a name is a host-alias of the default domain. */
function addressOf(text: string, configuration: Configuration): string {
  if (text === "0" || text === "") return "0.0.0.0";
  const alias = configuration.domains.get("default")?.objects.get(objectKey("HostAlias", text));
  return alias?.enabled === true ? textOf(alias, "ip-address") : text;
}
