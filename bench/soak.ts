// `node bench/soak.ts [MINUTES]`: the gateway with one worker at full load on its echo and on a service with two
// backends, one of which is killed and started again every few seconds. Prints a row a slice: requests, errors, memory.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { root } from "./checkout.ts";
import { type Service, startService } from "./commands.ts";
import { secondsToFirst200 } from "./first-answer.ts";
import { type LoadResult, loadPort, wrkMissing } from "./load.ts";
import { residentBytes } from "./servers.ts";
import { writeSoakTree } from "./soak/gateway-tree.ts";
import { freePort, Workplace } from "./workplace.ts";

const sliceSeconds = 20;
const connections = 32;
const restartEverySeconds = 10;
const downSeconds = 1;
/** The first slices fill caches and let the heap find its size; growth counts from there. */
const warmUpSlices = 3;
const growthAllowed = 1.15;

process.exitCode = await main(Number(process.argv[2] ?? "10"));

async function main(minutes: number): Promise<number> {
  const missing = wrkMissing();
  if (missing !== undefined) {
    process.stderr.write(`soak: ${missing}\n`);
    return 3;
  }
  const aborted = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.on(name, () => aborted.abort(new Error(`ended by ${name}`)));
  const say = (line: string): void => void process.stderr.write(`soak: ${line}\n`);
  const workplace = new Workplace({ signal: aborted.signal, say });
  try {
    return await soak(workplace, Math.max(warmUpSlices + 1, (minutes * 60) / sliceSeconds));
  } finally {
    await workplace.close();
  }
}

async function soak(workplace: Workplace, slices: number): Promise<number> {
  const backends = [await freePort(), await freePort()];
  const ports = { echo: await freePort(), proxy: await freePort(), backends };
  const gateway = await startGateway(workplace, ports);
  const restarts = keepRestarting(workplace, backends);
  const first = { signal: workplace.signal, gone: () => ended(gateway) };
  await secondsToFirst200(ports.echo, performance.now(), first);
  await secondsToFirst200(ports.proxy, performance.now(), first);
  const memory: number[] = [];
  let errors = 0;
  process.stdout.write("slice  echo/s  errors  proxied/s  errors  restarts  memory  descriptors\n");
  for (let slice = 1; slice <= slices; slice++) {
    const load = { connections, seconds: sliceSeconds, signal: workplace.signal };
    const [echo, proxied] = await Promise.all([
      loadPort(ports.echo, load),
      loadPort(ports.proxy, load),
    ]);
    if (gateway.hasEnded()) throw new Error(`the gateway ended: ${gateway.output().slice(-800)}`);
    memory.push(residentBytes(gateway.pid));
    errors += echo.errors + proxied.errors;
    printSlice(slice, echo, proxied, { restarts: restarts(), bytes: memory.at(-1) ?? 0, gateway });
  }
  return verdict(memory, errors);
}

/** Growth is the mean of the last three slices against that of the three after the warm-up. */
function verdict(memory: readonly number[], errors: number): number {
  const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
  const measured = memory.slice(warmUpSlices);
  const growth = mean(measured.slice(-3)) / mean(measured.slice(0, 3));
  const good = errors === 0 && growth <= growthAllowed;
  process.stdout.write(
    `${errors} errors; memory at the end ${growth.toFixed(2)} of that after the warm-up: ${good ? "passed" : "failed"}\n`,
  );
  return good ? 0 : 1;
}

async function startGateway(
  workplace: Workplace,
  ports: Parameters<typeof writeSoakTree>[1],
): Promise<Service> {
  const tree = workplace.path("gateway");
  writeSoakTree(tree, ports);
  const env = {
    ...process.env,
    GATEWAY_ROOT: tree,
    GATEWAY_HEALTH_PORT: String(await freePort()),
    DATAPOWER_WORKER_THREADS: "1",
    DATAPOWER_LOG_LEVEL: "3",
  };
  const main = join(root, "packages/gateway/src/main.ts");
  const gateway = await startService(process.execPath, [main], { env });
  workplace.defer("stopping the gateway", gateway.stop);
  return gateway;
}

/** Starts the backends, and from then on kills one after the other; the count of restarts so far. */
function keepRestarting(workplace: Workplace, ports: readonly number[]): () => number {
  let restarts = 0;
  let stopped = false;
  const file = join(import.meta.dirname, "soak/backend.ts");
  const start = (port: number): Promise<Service> =>
    startService(process.execPath, [file, String(port)]);
  const running = (async () => {
    const services = await Promise.all(ports.map(start));
    for (let index = 0; !stopped; index = (index + 1) % ports.length) {
      for (let waited = 0; waited < restartEverySeconds * 10 && !stopped; waited++)
        await pause(100);
      await services[index]?.stop();
      await pause(downSeconds * 1000);
      services[index] = await start(ports[index] ?? 0);
      restarts++;
    }
    for (const service of services) await service.stop();
  })();
  workplace.defer("stopping the backends", () => {
    stopped = true;
    return running;
  });
  return () => restarts;
}

function printSlice(
  slice: number,
  echo: LoadResult,
  proxied: LoadResult,
  {
    restarts,
    bytes,
    gateway,
  }: { readonly restarts: number; readonly bytes: number; readonly gateway: Service },
): void {
  const descriptors = readdirSync(`/proc/${gateway.pid}/fd`).length;
  const columns = [
    ...[slice, Math.round(echo.perSecond), echo.errors],
    ...[Math.round(proxied.perSecond), proxied.errors, restarts],
    ...[`${(bytes / 1e6).toFixed(1)} MB`, descriptors],
  ];
  const widths = [5, 8, 8, 11, 8, 10, 9, 13];
  process.stdout.write(
    `${columns.map((text, index) => String(text).padStart(widths[index] ?? 8)).join("")}\n`,
  );
}

function ended(service: Service): string | undefined {
  return service.hasEnded() ? service.output().slice(-800) : undefined;
}
