import type { Engine, Instance } from "@lithify/engine";
import { Fault } from "@lithify/fault";

/** The instances of these names, in this order; every running one when no name is given. */
export async function instancesNamed(
  engine: Engine,
  names: readonly string[],
): Promise<readonly Instance[]> {
  if (names.length > 0) return Promise.all(names.map((name) => instanceNamed(engine, name)));
  const all = await engine.list();
  const states = await Promise.all(all.map((instance) => instance.state()));
  return all.filter((_, index) => states[index]?.answer === "running");
}

/** @throws Fault INSTANCE_UNKNOWN */
export async function instanceNamed(engine: Engine, name: string): Promise<Instance> {
  const found = await engine.find(name);
  if (found !== undefined) return found;
  const known = (await engine.list()).map((instance) => instance.name);
  throw new Fault("INSTANCE_UNKNOWN", `the instance ${name}`, {
    why: "no instance has this name or id",
    values: { known: known.join(", ") || "none" },
  });
}
