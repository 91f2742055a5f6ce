import {
  type ConfigDomain,
  type ConfigObject,
  type Configuration,
  objectKey,
} from "../config/model.ts";
import { planListener } from "./plan-listener.ts";
import { linesOf } from "./properties.ts";
import type { Refusals } from "./refusals.ts";
import type { ListenerPlan, ServicePlan } from "./service-plan.ts";

const handlerKinds = ["HTTPSourceProtocolHandler", "HTTPSSourceProtocolHandler"];

/** The front side handlers that a service names with `front-protocol`. */
export function planListeners(
  configuration: Configuration,
  domain: ConfigDomain,
  object: ConfigObject,
  refusals: Refusals,
): ListenerPlan[] {
  const lines = linesOf(object, "front-protocol");
  if (lines.length === 0) refusals.add(object, "it has no front-protocol");
  return lines.flatMap((line) => {
    const name = line.arguments[0] ?? "";
    const handler = handlerKinds
      .map((kind) => domain.objects.get(objectKey(kind, name)))
      .find((candidate) => candidate !== undefined);
    if (handler?.enabled) return [planListener(handler, configuration, refusals)];
    const other = [...domain.objects.values()].find(
      (candidate) => candidate.name === name && candidate.alias.startsWith("source-"),
    );
    if (handler !== undefined) refusals.add(handler, "it is disabled");
    else if (other !== undefined) refusals.add(other, `${other.alias} is not served`);
    else refusals.add(object, `front-protocol "${name}" does not exist`, line);
    return [];
  });
}

/** A handler serves one service: a second one that names it is refused. */
export function claimListeners(
  plan: ServicePlan,
  object: ConfigObject,
  taken: Map<string, string>,
  refusals: Refusals,
): void {
  for (const listener of plan.listeners) {
    const key = `${listener.domain}/${listener.alias}/${listener.name}`;
    const owner = taken.get(key);
    if (owner === undefined) taken.set(key, plan.name);
    else {
      const line = linesOf(object, "front-protocol").find(
        ({ arguments: [name] }) => name === listener.name,
      );
      refusals.add(object, `${listener.alias} "${listener.name}" already serves "${owner}"`, line);
    }
  }
}
