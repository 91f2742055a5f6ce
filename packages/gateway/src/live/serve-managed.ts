import { LogHub } from "../log/log-hub.ts";
import type { LogSink } from "../log/log-sink.ts";
import { planLogTargets } from "../log/plan-log-targets.ts";
import { logLine, type Priority } from "../log.ts";
import type { ManagedInstance } from "../manage/instance.ts";
import { localInstance } from "../manage/local-instance.ts";
import { type Management, openManagement } from "../manage/open-management.ts";
import { planManagement } from "../manage/plan-management.ts";
import { healthPages } from "../run/health-pages.ts";
import { type LiveGateway, type LiveOptions, serveLive } from "./serve-live.ts";

export interface ManagedOptions extends Omit<LiveOptions, "log" | "pages"> {
  /** Takes each line of the log, without its end. */
  readonly write: (line: string) => void;
  /** The least urgent priority that is written. */
  readonly level: Priority;
  /** True to let management change objects in memory; changed files take their place. */
  readonly changeable: boolean;
  /** Opens a management port somewhere else than configured; 0 for a free one. */
  readonly managementPortFor?: (port: number) => number;
}

/** A gateway that follows its files, with the management interfaces that they enable. */
export interface ManagedGateway extends LiveGateway {
  readonly management: Management["ports"];
}

/** Serves the tree below `root` as `serveLive` does, with log targets, metrics and management. */
export async function serveManaged(options: ManagedOptions): Promise<ManagedGateway> {
  const { write, level, changeable, managementPortFor, ...rest } = options;
  const logs = new LogHub({
    console: sinkOf(write),
    level,
    line: logLine,
    color: false,
    repeats: 20,
  });
  const { log } = logs;
  const startedAt = new Date();
  let serves: (instance: ManagedInstance) => void = () => {};
  const instance = new Promise<ManagedInstance>((resolve) => {
    serves = resolve;
  });
  const live = await serveLive({
    ...rest,
    log,
    pages: healthPages(() => instance),
    changed: (change, gateway) => {
      void logs.open(planLogTargets(gateway.configuration));
      options.changed(change, gateway);
    },
  });
  const { current: gateway } = live;
  const files = (): typeof gateway.configuration => live.files;
  const { root } = options;
  const managed = localInstance({ root, gateway, logs, startedAt, files, changeable });
  serves(managed);
  await logs.open(planLogTargets(gateway.configuration));
  const plans = (await planManagement(gateway.configuration)).map((plan) => ({
    ...plan,
    port: managementPortFor?.(plan.port) ?? plan.port,
  }));
  const management = await openManagement(plans, () => Promise.resolve(managed), log);
  return {
    current: gateway,
    get files() {
      return live.files;
    },
    management: management.ports,
    close: async () => {
      await live.close();
      await management.close();
    },
  };
}

function sinkOf(write: (line: string) => void): LogSink {
  return {
    write,
    written: 0,
    dropped: 0,
    pending: 0,
    why: undefined,
    flush: () => Promise.resolve(),
    close: () => {},
  };
}
