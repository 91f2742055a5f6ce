import type { GatewayEnvironment } from "../environment.ts";
import { sizeHeap } from "../heap-size.ts";
import type { LogHub } from "../log/log-hub.ts";
import type { ManagedInstance } from "../manage/instance.ts";
import { serveGateway } from "../serve/serve-gateway.ts";
import { accessWriter } from "./access-writer.ts";
import { healthPages } from "./health-pages.ts";
import { interfacesOf } from "./interfaces-of.ts";
import { logTargetsOf } from "./log-targets-of.ts";
import { drainDelay, logStart, logStop, stopSignal } from "./start-log.ts";

/** One process that does everything, until SIGTERM. Gives its exit code. */
export async function runAlone(
  root: string,
  environment: GatewayEnvironment,
  logs: LogHub,
): Promise<number> {
  const { log } = logs;
  const stop = stopSignal(log);
  const startedAt = new Date();
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
  const access = await accessWriter(environment, logs);
  const gateway = await serveGateway({
    root,
    log,
    healthPort,
    scriptLimit,
    drainDeadline,
    pages: healthPages(managed),
    ...(access === undefined ? {} : { access }),
  });
  const files = gateway.configuration;
  await logs.open(await logTargetsOf(files));
  const interfaces = await interfacesOf(files);
  const management =
    interfaces.length === 0
      ? undefined
      : await (await import("../manage/open-management.ts")).openManagement(
          interfaces,
          managed,
          log,
        );
  logStart(gateway.ports.length, gateway.healthPort, root, log);
  sizeHeap();
  const stopped = await stop;
  if (stopped === "told") await drainDelay(gateway, environment, log);
  logStop(log, false);
  await gateway.close();
  await management?.close();
  logStop(log, true);
  return gateway.ports.length > 0 && stopped === "told" ? 0 : 3;
}
