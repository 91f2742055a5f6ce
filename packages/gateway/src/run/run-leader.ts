import type { GatewayEnvironment } from "../environment.ts";
import { sizeHeap } from "../heap-size.ts";
import type { LogHub } from "../log/log-hub.ts";
import type { ManagedInstance } from "../manage/instance.ts";
import { openManagement } from "../manage/open-management.ts";
import { openHealthPage } from "../serve/health.ts";
import { startWorkers } from "../serve/workers.ts";
import { healthPages } from "./health-pages.ts";
import { drainDelay, logStart, logStop, stopSignal } from "./start-log.ts";

/** The process above the workers, until SIGTERM: health, metrics, management and log targets. */
export async function runLeader(
  root: string,
  environment: GatewayEnvironment,
  logs: LogHub,
): Promise<number> {
  const { log } = logs;
  const stop = stopSignal(log);
  const startedAt = new Date();
  const changeable = environment.changes === "memory";
  const workers = await startWorkers({
    count: environment.workerThreads,
    program: process.argv[1]!,
    args: process.argv.slice(2),
    log,
    logged: (events) => logs.take(events),
    changeable,
  });
  if (typeof workers === "number") return workers;
  let instance: Promise<ManagedInstance> | undefined;
  const managed = (): Promise<ManagedInstance> => {
    instance ??= import("../manage/led-instance.ts").then(({ ledInstance }) =>
      ledInstance({ root, workers, logs, startedAt, changeable }),
    );
    return instance;
  };
  try {
    await logs.open(workers.report.logTargets);
    const page = await openHealthPage(
      environment.healthPort,
      () => workers.health(),
      healthPages(managed),
    );
    const management = await openManagement(workers.report.interfaces, managed, log);
    logStart(workers.report.ports.length, page.port, root, log);
    sizeHeap();
    await stop;
    await drainDelay(workers, environment, log);
    await workers.drain();
    logStop(log, false);
    await workers.close();
    await management.close();
    await page.close();
    logStop(log, true);
    return workers.report.ports.length > 0 ? 0 : 3;
  } catch (error) {
    await workers.close();
    throw error;
  }
}
