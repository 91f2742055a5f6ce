import { compareConfigurations } from "../compare/compare-configurations.ts";
import type { Difference } from "../compare/difference.ts";
import type { Configuration } from "../config/model.ts";
import { type ObjectChange, withChanges } from "../config/overlay.ts";
import type { LogHub } from "../log/log-hub.ts";
import { planLogTargets } from "../log/plan-log-targets.ts";
import { type InstanceCounts, processCounts, sumOf } from "../serve/process-counts.ts";
import type { Gateway } from "../serve/serve-gateway.ts";
import { inspectTrees, type TreeAccess } from "../trees.ts";
import { version } from "../version.ts";
import type { ManagedInstance } from "./instance.ts";

export interface LocalInstanceOptions {
  readonly root: string;
  readonly gateway: Gateway;
  readonly logs: LogHub;
  readonly startedAt: Date;
  /** What the files say; asked for anew when they are followed. */
  readonly files: () => Configuration;
  readonly changeable: boolean;
}

/** A gateway of one process, for management. */
export function localInstance(options: LocalInstanceOptions): ManagedInstance {
  const { root, gateway, logs, startedAt, files, changeable } = options;
  const drift = driftBetween(files, () => gateway.configuration);
  let work: Promise<void> = Promise.resolve();
  const change = (changes: readonly ObjectChange[]): Promise<void> => {
    const turn = work.then(async () => {
      const next = withChanges(gateway.configuration, changes);
      await gateway.apply(next);
      await logs.open(planLogTargets(next));
    });
    // one that fails must not keep the next one from its turn
    work = turn.catch(() => {});
    return turn;
  };
  return {
    root,
    version: version(),
    startedAt,
    log: logs.log,
    logs,
    configuration: () => gateway.configuration,
    domainNames: () => [...gateway.configuration.domains.keys()],
    drift,
    health: () => gateway.health(),
    ports: () => gateway.ports,
    counts: (): Promise<InstanceCounts> => {
      return Promise.resolve(sumOf([processCounts(gateway.counts(), 0)], 0));
    },
    trees: treesOf(root),
    change: changeable ? change : undefined,
  };
}

/** Looks at the trees once: the answer needs a look at every object in them. */
export function treesOf(root: string): () => readonly TreeAccess[] {
  let trees: readonly TreeAccess[] | undefined;
  return () => {
    trees ??= inspectTrees(root);
    return trees;
  };
}

/** Compares again only when one of the two has become another value. */
export function driftBetween(
  files: () => Configuration,
  served: () => Configuration,
): () => readonly Difference[] {
  let last:
    | { before: Configuration; after: Configuration; found: readonly Difference[] }
    | undefined;
  return () => {
    const [before, after] = [files(), served()];
    if (before === after) return [];
    if (last?.before !== before || last.after !== after) {
      // the files below local/ are the same ones
      const found = compareConfigurations({ ...before, single: true }, { ...after, single: true });
      last = { before, after, found };
    }
    return last.found;
  };
}
