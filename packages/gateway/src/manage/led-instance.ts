import { loadConfiguration } from "../config/load.ts";
import type { Configuration } from "../config/model.ts";
import { type ObjectChange, withChanges } from "../config/overlay.ts";
import type { LogHub } from "../log/log-hub.ts";
import { planLogTargets } from "../log/plan-log-targets.ts";
import { sumOf } from "../serve/process-counts.ts";
import type { Workers } from "../serve/workers.ts";
import { version } from "../version.ts";
import type { ManagedInstance } from "./instance.ts";
import { driftBetween, treesOf } from "./local-instance.ts";

export interface LedInstanceOptions {
  readonly root: string;
  readonly workers: Workers;
  readonly logs: LogHub;
  readonly startedAt: Date;
  readonly changeable: boolean;
}

/**
 * A gateway of several processes, seen from the one above them. It reads the configuration itself
 * when it is first asked about it; what it counts it asks of the workers.
 */
export function ledInstance(options: LedInstanceOptions): ManagedInstance {
  const { root, workers, logs, startedAt, changeable } = options;
  let files: Configuration | undefined;
  let served: Configuration | undefined;
  const fromFiles = (): Configuration => {
    files ??= loadConfiguration(root);
    return files;
  };
  const configuration = (): Configuration => served ?? fromFiles();
  let work: Promise<void> = Promise.resolve();
  const change = (changes: readonly ObjectChange[]): Promise<void> => {
    const turn = work.then(async () => {
      served = withChanges(configuration(), changes);
      await workers.change(changes);
      await logs.open(planLogTargets(served));
    });
    // one that fails must not keep the next one from its turn
    work = turn.catch(() => {});
    return turn;
  };
  const drift = driftBetween(fromFiles, configuration);
  return {
    root,
    version: version(),
    startedAt,
    log: logs.log,
    logs,
    configuration,
    domainNames: () => workers.report.domains,
    drift: () => (served === undefined ? [] : drift()),
    health: () => workers.health(),
    ports: () => workers.report.ports,
    counts: async () => sumOf(await workers.counts(), workers.restarts),
    trees: treesOf(root),
    change: changeable ? change : undefined,
  };
}
