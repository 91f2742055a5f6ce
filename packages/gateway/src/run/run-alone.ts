import type { GatewayEnvironment } from "../environment.ts";
import type { LogHub } from "../log/log-hub.ts";
import { planLogTargets } from "../log/plan-log-targets.ts";
import type { ManagedInstance } from "../manage/instance.ts";
import { openManagement } from "../manage/open-management.ts";
import { planManagement } from "../manage/plan-management.ts";
import { serveGateway } from "../serve/serve-gateway.ts";
import { accessWriter } from "./access-writer.ts";
import { logStart, logStop, stopSignal } from "./start-log.ts";

/** One process that does everything, until SIGTERM. Gives its exit code. */
export async function runAlone(
  root: string,
  environment: GatewayEnvironment,
  logs: LogHub,
): Promise<number> {
  const stop = stopSignal();
  const startedAt = new Date();
  const { log } = logs;
  const { healthPort, scriptLimit, drainDeadline } = environment;
  let instance: Promise<ManagedInstance> | undefined;
  const managed = (): Promise<ManagedInstance> => {
    instance ??= import("../manage/local-instance.ts").then(({ localInstance }) =>
      localInstance({
        root,
        gateway,
        logs,
        startedAt,
        files: () => files,
        changeable: environment.changes === "memory",
      }),
    );
    return instance;
  };
  const metrics = async (): Promise<string> => {
    const { measure } = await import("../manage/measure.ts");
    return measure(await managed());
  };
  const access = accessWriter(environment);
  const gateway = await serveGateway({
    root,
    log,
    healthPort,
    scriptLimit,
    drainDeadline,
    metrics,
    ...(access === undefined ? {} : { access }),
  });
  const files = gateway.configuration;
  logs.open(planLogTargets(files));
  const management = await openManagement(await planManagement(files), managed, log);
  logStart(gateway.ports.length, gateway.healthPort, root, log);
  await stop;
  logStop(log, false);
  await gateway.close();
  await management.close();
  logStop(log, true);
  return gateway.ports.length > 0 ? 0 : 3;
}
