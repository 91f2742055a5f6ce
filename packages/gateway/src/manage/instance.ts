import type { Difference } from "../compare/difference.ts";
import type { Configuration } from "../config/model.ts";
import type { ObjectChange } from "../config/overlay.ts";
import type { LogView } from "../log/log-view.ts";
import type { Log } from "../log.ts";
import type { ServedPort } from "../serve/gateway-options.ts";
import type { Health } from "../serve/health.ts";
import type { InstanceCounts } from "../serve/process-counts.ts";
import type { TreeAccess } from "../trees.ts";

/** The running gateway as management sees it: one process, or several under one. */
export interface ManagedInstance {
  readonly root: string;
  readonly version: string;
  readonly startedAt: Date;
  readonly log: Log;
  readonly logs: LogView;
  /** What is served now. */
  configuration(): Configuration;
  /** The domains, also before the configuration is looked at. */
  domainNames(): readonly string[];
  /** Every difference between what is served and what the files said at the start. */
  drift(): readonly Difference[];
  health(): Health;
  ports(): readonly ServedPort[];
  counts(): Promise<InstanceCounts>;
  trees(): readonly TreeAccess[];
  /** Takes up changes in memory; undefined where nothing may be changed. */
  readonly change: ((changes: readonly ObjectChange[]) => Promise<void>) | undefined;
}
