import { loadConfiguration } from "../config/load.ts";
import { type ObjectChange, withChanges } from "../config/overlay.ts";
import type { GatewayEnvironment } from "../environment.ts";
import { sizeHeap } from "../heap-size.ts";
import type { LogHub } from "../log/log-hub.ts";
import type { Log, LogEvent } from "../log.ts";
import { processCounts } from "../serve/process-counts.ts";
import { type Gateway, serveGateway } from "../serve/serve-gateway.ts";
import type { LeaderWord, WorkerReport, WorkerWord } from "../serve/worker-talk.ts";
import { workerVariable } from "../serve/workers.ts";
import { accessWriter } from "./access-writer.ts";
import { interfacesOf } from "./interfaces-of.ts";
import { logTargetsOf } from "./log-targets-of.ts";
import { stopSignal } from "./start-log.ts";

/** One of several processes: what all would say at the start is said by the first of them. */
export async function runWorker(
  root: string,
  environment: GatewayEnvironment,
  logs: LogHub,
): Promise<number> {
  const { scriptLimit, drainDeadline } = environment;
  const { log } = logs;
  const stop = stopSignal(log);
  let speaks = process.env[workerVariable] === "1";
  const quiet: Log = Object.assign((event: LogEvent) => speaks && log(event), {
    writes: log.writes ?? (() => true),
  });
  const changes = environment.changes === "memory" ? await firstChanges() : [];
  const configuration = withChanges(loadConfiguration(root), changes);
  const access = await accessWriter(environment, logs);
  const gateway = await serveGateway({
    root,
    configuration,
    log: quiet,
    scriptLimit,
    drainDeadline,
    ...(access === undefined ? {} : { access }),
  });
  await logs.open(await logTargetsOf(configuration));
  speaks = true;
  process.on("message", (word: LeaderWord) => void obey(word, gateway, logs));
  say({ says: "serving", report: await reportOf(gateway) });
  sizeHeap();
  const stopped = await stop;
  const closed = gateway.close();
  say({ says: "ports closed" });
  await closed;
  return stopped === "told" ? 0 : 3;
}

async function obey(word: LeaderWord, gateway: Gateway, logs: LogHub): Promise<void> {
  if (word.asks === "counts") {
    const counts = processCounts(gateway.counts(), logs.dropped);
    say({ says: "counts", id: word.id, counts });
    return;
  }
  const next = withChanges(gateway.configuration, word.changes);
  await gateway.apply(next);
  await logs.open(await logTargetsOf(next));
  say({ says: "changed", id: word.id, report: await reportOf(gateway) });
}

/** The changes that are in force, which the process above sends first of all. */
function firstChanges(): Promise<readonly ObjectChange[]> {
  return new Promise((resolve) => {
    process.once("message", (word: LeaderWord) => {
      resolve(word.asks === "changes" ? word.changes : []);
    });
  });
}

async function reportOf(gateway: Gateway): Promise<WorkerReport> {
  const { configuration, ports } = gateway;
  return {
    ports,
    health: gateway.health(),
    domains: [...configuration.domains.keys()],
    interfaces: await interfacesOf(configuration),
    logTargets: await logTargetsOf(configuration),
  };
}

function say(word: WorkerWord): void {
  if (process.connected) process.send!(word);
}
