import { type ConfigObject, type Configuration, objectKey } from "../config/model.ts";
import { lineOf, textOf } from "./properties.ts";
import type { Refusals } from "./refusals.ts";

/** An address is a number or the name of a host-alias, of this domain or of the default one. */
export function localAddressOf(
  handler: ConfigObject,
  text: string,
  domains: Configuration["domains"],
  refusals: Refusals,
): string {
  if (/^[0-9.]+$/.test(text) || /^[0-9a-f:]*:[0-9a-f:.]*$/i.test(text)) return text;
  for (const domain of [handler.domain, "default"]) {
    const alias = domains.get(domain)?.objects.get(objectKey("HostAlias", text));
    if (alias?.enabled) return textOf(alias, "ip-address");
  }
  const line = lineOf(handler, "local-address") ?? lineOf(handler, "ip-address");
  refusals.add(handler, `local address "${text}" is neither an address nor a host-alias`, line);
  return text;
}
