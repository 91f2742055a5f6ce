import type { ConfigObject, Origin, PropertyLine } from "../config/model.ts";
import type { Obstacle } from "./service-plan.ts";

/** Collects why one service cannot be served. */
export class Refusals {
  readonly #service: ConfigObject;
  readonly list: Obstacle[] = [];

  constructor(service: ConfigObject) {
    this.#service = service;
  }

  /** Something about an object: at `line` where one is given, else where the object begins. */
  add(object: ConfigObject, why: string, line?: PropertyLine | undefined): void {
    this.#add(`${object.alias} "${object.name}"`, line?.origin ?? object.origin, why);
  }

  #add(object: string, origin: Origin, why: string): void {
    const known = this.list.some(
      (other) => other.object === object && other.why === why && other.origin.line === origin.line,
    );
    if (known) return;
    const { domain, name } = this.#service;
    this.list.push({ domain, service: name, object, origin, why });
  }
}
