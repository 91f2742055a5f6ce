import type { Bench, Figure } from "../bench.ts";
import {
  loadInTurns,
  loadRows,
  rounds,
  rowMaker,
  sameAnswer,
  seconds,
  startDeferred,
  untilAnswering,
} from "../echo-rounds.ts";
import { wrkMissing } from "../load.ts";
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
    if (noLoad === undefined) await loadInTurns(bench, "requests", servers, series);
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

function rowsOf([ours, peer]: readonly Server[], series: Series, hasLoad: boolean): readonly Row[] {
  const row = rowMaker(ours, peer, series);
  return [
    ...(hasLoad ? loadRows(row) : []),
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
