import type { Bench, Figure } from "../bench.ts";
import type { Service } from "../commands.ts";
import { ask, secondsToFirst200 } from "../first-answer.ts";
import { loadPort, wrkMissing } from "../load.ts";
import type { Row } from "../report.ts";
import { Series } from "../samples.ts";
import {
  checkoutServer,
  nginxMissing,
  nginxServer,
  programServer,
  residentBytes,
  type Server,
} from "../servers.ts";

const rounds = 3;
const seconds = 5;
const connections = [32, 256] as const;
const starts = 5;

/** Figure 4: the example on one worker beside nginx with njs answering the same JSON. */
export const requests: Figure = {
  name: "requests",
  title: "Requests per second of the example",
  async measure(bench) {
    const { workplace } = bench;
    const ours = await programServer(workplace);
    const checkout = await checkoutServer(workplace);
    const missing = nginxMissing();
    const servers = missing === undefined ? [ours, await nginxServer(workplace)] : [ours];
    const noLoad = wrkMissing();
    const series = new Series();
    await measureStarts(bench, [...servers, checkout], series);
    const running = await Promise.all(servers.map((server) => startDeferred(bench, server)));
    const answer = await sameAnswer(servers);
    for (const [index, server] of servers.entries())
      series.add(`${server.name} idle`, residentBytes(running[index]?.pid ?? 0));
    if (noLoad === undefined) await measureLoad(bench, servers, series);
    for (const [index, server] of servers.entries())
      series.add(`${server.name} loaded`, residentBytes(running[index]?.pid ?? 0));
    for (const service of running) await service.stop();
    return {
      rows: [
        ...rowsOf(servers, series, noLoad === undefined),
        ...checkoutRows(checkout, servers[1], series),
      ],
      notes: [
        `Both answer GET /stillmutable with ${answer}, checked before.`,
        `wrk with one thread on loopback, ${rounds} rounds of ${seconds} s by turns (ours, nginx, ours, nginx) after a warm-up of ${seconds} s each; on this machine wrk and the server share the cores.`,
        "The gateway runs with DATAPOWER_WORKER_THREADS=1 and serves the example's configuration and script; only the port is another. Its program and its settings are those of the base image (ADR 10); rows \"from sources\" are the checkout's `src/main.ts`, started once before, so that Node has its compiled code. nginx has one worker and no access log; its script makes the JSON with `js_content`.",
        "Memory is the PSS of the processes of each server. Start is from the start of the program to its first 200.",
      ],
      notMeasured: [missing, noLoad].filter((line) => line !== undefined),
    };
  },
};

async function measureStarts(
  bench: Bench,
  servers: readonly Server[],
  series: Series,
): Promise<void> {
  for (let round = -1; round < starts; round++)
    for (const server of servers) {
      const started = performance.now();
      const service = await server.start();
      try {
        const took = await untilAnswering(bench, server, service, started);
        if (round < 0) continue;
        series.add(`${server.name} start`, took);
        series.add(`${server.name} started`, residentBytes(service.pid));
      } finally {
        await service.stop();
      }
    }
}

async function startDeferred(bench: Bench, server: Server): Promise<Service> {
  const started = performance.now();
  const service = await server.start();
  bench.workplace.defer(`stopping ${server.name}`, service.stop);
  await untilAnswering(bench, server, service, started);
  return service;
}

function untilAnswering(
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
async function sameAnswer(servers: readonly Server[]): Promise<string> {
  const wanted = '{"method":"GET","uri":"/stillmutable"}';
  for (const server of servers) {
    const { status, type, body } = await ask(server.port, "/stillmutable");
    if (status !== 200 || !type.startsWith("application/json") || body !== wanted)
      throw new Error(`${server.name} answers ${status}, ${type}: ${body}`);
  }
  return wanted;
}

async function measureLoad(bench: Bench, servers: readonly Server[], series: Series) {
  const { say, signal } = bench.workplace;
  say("requests: warming up");
  for (const server of servers)
    await loadPort(server.port, { connections: connections[0], seconds, signal });
  for (const count of connections)
    for (let round = 0; round < rounds; round++) {
      say(`requests: ${count} connections, round ${round + 1} of ${rounds}`);
      for (const server of servers) {
        const found = await loadPort(server.port, { connections: count, seconds, signal });
        series.add(`${server.name} ${count} rate`, found.perSecond);
        series.add(`${server.name} ${count} p99`, found.p99);
        series.add(`${server.name} ${count} errors`, found.errors);
      }
    }
}

function rowsOf([ours, peer]: readonly Server[], series: Series, hasLoad: boolean): readonly Row[] {
  const row = rowMaker(ours, peer, series);
  const loads = connections.flatMap((count) => [
    row(`${count} connections: requests`, "per second", `${count} rate`),
    row(`${count} connections: p99`, "ms", `${count} p99`),
    row(`${count} connections: errors`, "count", `${count} errors`),
  ]);
  return [
    ...(hasLoad ? loads : []),
    row("memory before the load", "bytes", "idle"),
    ...(hasLoad ? [row("memory after the load", "bytes", "loaded")] : []),
    row("start to first answer", "s", "start"),
  ];
}

/** What a checkout without an image costs: measured in the same turns. */
function checkoutRows(checkout: Server, peer: Server | undefined, series: Series): readonly Row[] {
  const row = rowMaker(checkout, peer, series);
  return [
    row("from sources: memory at the first answer", "bytes", "started"),
    row("from sources: start to first answer", "s", "start"),
  ];
}

function rowMaker(ours: Server | undefined, peer: Server | undefined, series: Series) {
  return (what: string, unit: Row["unit"], key: string): Row => ({
    what,
    unit,
    ours: series.of(`${ours?.name} ${key}`),
    ...(peer === undefined
      ? {}
      : { peer: { name: peer.name, samples: series.of(`${peer.name} ${key}`) } }),
  });
}
