import type { Bench, Figure } from "../bench.ts";
import { programPath, type Service } from "../commands.ts";
import { ask, secondsToFirst200 } from "../first-answer.ts";
import { loadPort, wrkMissing } from "../load.ts";
import { backendAnswer, backendServer, gatewayProxy, nginxProxy } from "../proxies.ts";
import type { Row } from "../report.ts";
import { Series } from "../samples.ts";
import { residentBytes, type Server } from "../servers.ts";

const rounds = 3;
const seconds = 5;
const connections = [32, 256] as const;

/** One worker in front of a backend beside nginx as a reverse proxy. */
export const proxying: Figure = {
  name: "proxying",
  title: "Requests per second to a backend",
  async measure(bench) {
    const { workplace } = bench;
    const missing = [
      programPath("nginx") === undefined
        ? "nginx: the program is missing; install nginx-light"
        : undefined,
      wrkMissing(),
    ].filter((line) => line !== undefined);
    if (missing.length > 0) return { rows: [], notes: [], notMeasured: missing };
    const backend = await backendServer(workplace);
    await begin(bench, backend);
    const servers = [
      await gatewayProxy(workplace, backend.port),
      await nginxProxy(workplace, backend.port),
    ] as const;
    const running = [await begin(bench, servers[0]), await begin(bench, servers[1])];
    for (const server of servers) await checkAnswer(server);
    const series = new Series();
    await measureLoad(bench, servers, series);
    for (const [index, server] of servers.entries())
      series.add(`${server.name} loaded`, residentBytes(running[index]?.pid ?? 0));
    for (const service of running) await service.stop();
    return {
      rows: rowsOf(servers, series),
      notes: [
        "An nginx with one worker answers everything with the same small JSON; each proxy has one worker and keeps its connections to it. Both add the client's address and an identity of the request. The gateway's service runs one rule with one action that passes the message on.",
        `wrk with one thread on loopback, ${rounds} rounds of ${seconds} s by turns after a warm-up of ${seconds} s each; on this machine wrk, the proxy and the backend share the cores.`,
      ],
      notMeasured: [],
    };
  },
};

async function begin(bench: Bench, server: Server): Promise<Service> {
  const started = performance.now();
  const service = await server.start();
  bench.workplace.defer(`stopping ${server.name}`, service.stop);
  await secondsToFirst200(server.port, started, {
    signal: bench.workplace.signal,
    gone: () => (service.hasEnded() ? service.output().slice(-800) : undefined),
  });
  return service;
}

/** @throws when a proxy gives another answer than the backend's */
async function checkAnswer(server: Server): Promise<void> {
  const { status, type, body } = await ask(server.port, "/items");
  if (status !== 200 || !type.startsWith("application/json") || body !== backendAnswer)
    throw new Error(`${server.name} answers ${status}, ${type}: ${body}`);
}

async function measureLoad(bench: Bench, servers: readonly Server[], series: Series) {
  const { say, signal } = bench.workplace;
  say("proxying: warming up");
  for (const server of servers)
    await loadPort(server.port, { connections: connections[0], seconds, signal });
  for (const count of connections)
    for (let round = 0; round < rounds; round++) {
      say(`proxying: ${count} connections, round ${round + 1} of ${rounds}`);
      for (const server of servers) {
        const found = await loadPort(server.port, { connections: count, seconds, signal });
        series.add(`${server.name} ${count} rate`, found.perSecond);
        series.add(`${server.name} ${count} p99`, found.p99);
        series.add(`${server.name} ${count} errors`, found.errors);
      }
    }
}

function rowsOf([ours, peer]: readonly [Server, Server], series: Series): readonly Row[] {
  const row = (what: string, unit: Row["unit"], key: string): Row => ({
    what,
    unit,
    ours: series.of(`${ours.name} ${key}`),
    peer: { name: peer.name, samples: series.of(`${peer.name} ${key}`) },
  });
  return [
    ...connections.flatMap((count) => [
      row(`${count} connections: requests`, "per second", `${count} rate`),
      row(`${count} connections: p99`, "ms", `${count} p99`),
      row(`${count} connections: errors`, "count", `${count} errors`),
    ]),
    row("memory after the load", "bytes", "loaded"),
  ];
}
