import type { Bench } from "./bench.ts";
import type { Service } from "./commands.ts";
import { ask, secondsToFirst200 } from "./first-answer.ts";
import { loadPort } from "./load.ts";
import type { Row } from "./report.ts";
import type { Series } from "./samples.ts";
import type { Server } from "./servers.ts";

/** How often and how long each server of the example's answer is under load, per number of connections. */
export const rounds = 3;
export const seconds = 5;
const connections = [32, 256] as const;

/** Starts a server that is stopped with the workplace; resolves with its first answer. */
export async function startDeferred(bench: Bench, server: Server): Promise<Service> {
  const started = performance.now();
  const service = await server.start();
  bench.workplace.defer(`stopping ${server.name}`, service.stop);
  await untilAnswering(bench, server, service, started);
  return service;
}

/** Seconds from `started` to the first 200. @throws when the server ends before it */
export function untilAnswering(
  bench: Bench,
  server: Server,
  service: Service,
  started: number,
): Promise<number> {
  return secondsToFirst200(server.port, started, {
    signal: bench.workplace.signal,
    gone: () => (service.hasEnded() ? service.output().slice(-800) : undefined),
  });
}

/** The answer, the same from all. @throws when one differs in status, type or body */
export async function sameAnswer(servers: readonly Server[]): Promise<string> {
  const wanted = '{"method":"GET","uri":"/stillmutable"}';
  for (const server of servers) {
    const { status, type, body } = await ask(server.port, "/stillmutable");
    if (status !== 200 || !type.startsWith("application/json") || body !== wanted)
      throw new Error(`${server.name} answers ${status}, ${type}: ${body}`);
  }
  return wanted;
}

/** Load on each server by turns, after one round each that does not count. */
export async function loadInTurns(
  bench: Bench,
  figure: string,
  servers: readonly Server[],
  series: Series,
): Promise<void> {
  const { say, signal } = bench.workplace;
  say(`${figure}: warming up`);
  for (const server of servers)
    await loadPort(server.port, { connections: connections[0], seconds, signal });
  for (const count of connections)
    for (let round = 0; round < rounds; round++) {
      say(`${figure}: ${count} connections, round ${round + 1} of ${rounds}`);
      for (const server of servers) {
        const found = await loadPort(server.port, { connections: count, seconds, signal });
        series.add(`${server.name} ${count} rate`, found.perSecond);
        series.add(`${server.name} ${count} p99`, found.p99);
        series.add(`${server.name} ${count} errors`, found.errors);
      }
    }
}

export type RowOf = (what: string, unit: Row["unit"], key: string) => Row;

/** Rows of what was collected under `NAME KEY`, ours beside a peer's. */
export function rowMaker(
  ours: Server | undefined,
  peer: Server | undefined,
  series: Series,
): RowOf {
  return (what, unit, key) => ({
    what,
    unit,
    ours: series.of(`${ours?.name} ${key}`),
    ...(peer === undefined
      ? {}
      : { peer: { name: peer.name, samples: series.of(`${peer.name} ${key}`) } }),
  });
}

/** What `loadInTurns` found. */
export function loadRows(row: RowOf): readonly Row[] {
  return connections.flatMap((count) => [
    row(`${count} connections: requests`, "per second", `${count} rate`),
    row(`${count} connections: p99`, "ms", `${count} p99`),
    row(`${count} connections: errors`, "count", `${count} errors`),
  ]);
}
