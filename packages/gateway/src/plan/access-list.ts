import { BlockList, isIP } from "node:net";
import { type ConfigObject, type Configuration, objectKey } from "../config/model.ts";
import { lineOf, textOf } from "./properties.ts";
import type { Refusals } from "./refusals.ts";

/** True for an address of a client that is let in. */
type AccessList = (address: string) => boolean;

interface Clause {
  readonly allows: boolean;
  readonly matches: AccessList;
}

/**
 * The `acl` of a handler: clauses `allow` and `deny` in order, of which the first that matches
 * decides; what none matches is denied. Undefined when the handler names none. The address
 * `0.0.0.0` without a length is every IPv4 address, `::/0` and `any` are every address.
 */
export function readAccessList(
  handler: ConfigObject,
  { domains }: Configuration,
  refusals: Refusals,
): AccessList | undefined {
  const name = textOf(handler, "acl");
  if (name === "") return undefined;
  const list = domains.get(handler.domain)?.objects.get(objectKey("AccessControlList", name));
  if (list === undefined || !list.enabled) {
    refusals.add(handler, `acl "${name}" does not exist`, lineOf(handler, "acl"));
    return undefined;
  }
  const clauses: Clause[] = [];
  for (const line of list.lines) {
    const words = line.name === "entry" ? line.arguments : [line.name, ...line.arguments];
    const [access = "", address = "", mask] = words;
    const matches = matcherOf(address, mask);
    if (line.name === "summary" || line.negated) continue;
    if ((access !== "allow" && access !== "deny") || matches === undefined) {
      refusals.add(list, `clause "${words.join(" ")}" is not understood`, line);
    } else clauses.push({ allows: access === "allow", matches });
  }
  return (address) => clauses.find(({ matches }) => matches(address))?.allows ?? false;
}

/** Undefined for what is no address or range. */
function matcherOf(text: string, mask: string | undefined): AccessList | undefined {
  if (text === "any" || text === "::/0") return () => true;
  const [address = "", length = lengthOf(mask)] = text.split("/");
  const version = isIP(address);
  if (version === 0) return undefined;
  const family = version === 6 ? "ipv6" : "ipv4";
  const all = version === 6 ? 128 : 32;
  const prefix = length ?? (address === "0.0.0.0" ? "0" : String(all));
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > all) return undefined;
  const list = new BlockList();
  list.addSubnet(address, Number(prefix), family);
  return (candidate) => isIP(candidate) === version && list.check(candidate, family);
}

/** The length of a mask such as `255.255.255.0`; "?" for what is none. */
function lengthOf(mask: string | undefined): string | undefined {
  if (mask === undefined || mask === "any" || /^\d{1,3}$/.test(mask)) {
    return mask === "any" ? "0" : mask;
  }
  if (isIP(mask) !== 4) return "?";
  const bits = mask
    .split(".")
    .map((part) => Number(part).toString(2).padStart(8, "0"))
    .join("");
  return /^1*0*$/.test(bits) ? String(bits.lastIndexOf("1") + 1) : "?";
}
