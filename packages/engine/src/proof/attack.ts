import type { Instance } from "../engine.ts";
import { carriedNode, openedProbe } from "./carried-node.ts";
import { type ProbeAnswer, runProbe } from "./run-probe.ts";

/** One real change: `overwrite` adds a byte to a file, `chmod` flips group write, `rename` moves it beside, `create` makes a file of this path. */
export interface Attack {
  readonly operation: "overwrite" | "create" | "rename" | "chmod";
  readonly path: string;
  /** Leaves the change in place; otherwise it is put back at once. */
  readonly keep?: boolean;
}

export interface AttackResult extends Attack, ProbeAnswer {}

/**
 * Tries real changes inside a running instance, as its own identity, in the given order. Nothing is needed in the
 * image, not even a shell. Throws Fault INSTANCE_ENDED, PROBE_UNUSABLE.
 */
export async function attack(
  instance: Instance,
  attacks: readonly Attack[],
): Promise<readonly AttackResult[]> {
  const requests = attacks.map((one) => ({ ...one, operation: `attack-${one.operation}` }));
  const { workingDirectory } = await instance.facts();
  const how = openedProbe(await carriedNode());
  const answers = await runProbe(instance, how, workingDirectory, requests);
  return attacks.flatMap((one, index) => {
    const answer = answers[index];
    return answer === undefined ? [] : [{ ...one, ...answer }];
  });
}
