import type { Figure } from "../bench.ts";
import {
  loadInTurns,
  loadRows,
  rounds,
  rowMaker,
  sameAnswer,
  seconds,
  startDeferred,
} from "../echo-rounds.ts";
import { wrkMissing } from "../load.ts";
import { Series } from "../samples.ts";
import { nginxMissing, nginxServer, programServer, residentBytes } from "../servers.ts";

/** The example on two workers beside nginx with two worker processes. */
export const workers: Figure = {
  name: "workers",
  title: "Requests per second of the example, two workers",
  async measure(bench) {
    const { workplace } = bench;
    const missing = [nginxMissing(), wrkMissing()].filter((line) => line !== undefined);
    if (missing.length > 0) return { rows: [], notes: [], notMeasured: missing };
    const servers = [await programServer(workplace, 2), await nginxServer(workplace, 2)] as const;
    const running = await Promise.all(servers.map((server) => startDeferred(bench, server)));
    const answer = await sameAnswer(servers);
    const series = new Series();
    await loadInTurns(bench, "workers", servers, series);
    for (const [index, server] of servers.entries())
      series.add(`${server.name} loaded`, residentBytes(running[index]?.pid ?? 0));
    for (const service of running) await service.stop();
    const row = rowMaker(servers[0], servers[1], series);
    return {
      rows: [...loadRows(row), row("memory after the load, all processes", "bytes", "loaded")],
      notes: [
        `As the figure on one worker, with DATAPOWER_WORKER_THREADS=2 and worker_processes 2; both answer ${answer}, checked before.`,
        `wrk with one thread on loopback, ${rounds} rounds of ${seconds} s by turns after a warm-up of ${seconds} s each; on a machine with two cores wrk takes its share of them from the workers.`,
      ],
      notMeasured: [],
    };
  },
};
