import type { ConfigObject } from "../config/model.ts";
import type { ManagedInstance } from "./instance.ts";

/** Whether an object is in operation, and what keeps it from it. */
export interface ObjectState {
  readonly opState: "up" | "down";
  readonly eventCode: string;
  readonly why: string;
}

const up: ObjectState = { opState: "up", eventCode: "0x00000000", why: "" };

/**
 * The state of a service or handler is what became of it at the start; any other object is up when
 * it is enabled and its domain could be read whole.
 */
export function stateOf(instance: ManagedInstance, object: ConfigObject): ObjectState {
  if (!object.enabled) return { opState: "down", eventCode: "0x0034000d", why: "Disabled" };
  const { services } = instance.health();
  const service = services.find(
    ({ domain, kind, name }) =>
      domain === object.domain && kind === object.kind && name === object.name,
  );
  if (service !== undefined) {
    return service.state === "up"
      ? up
      : { opState: "down", eventCode: "0x00330019", why: service.reasons.join("; ") };
  }
  if (/^source-/.test(object.alias)) {
    const isOpen = instance
      .ports()
      .some(({ domain, handler }) => domain === object.domain && handler === object.name);
    const why = "no service that is up listens with it";
    return isOpen ? up : { opState: "down", eventCode: "0x00350015", why };
  }
  const isWhole = instance.configuration().domains.get(object.domain)?.whole === true;
  const why = "its domain could not be read whole";
  return isWhole ? up : { opState: "down", eventCode: "0x8100003c", why };
}
