// `node bench/idle.ts [CONNECTIONS]`: the gateway with one worker holds idle connections (10,000) on its echo, each of
// which has sent one request. Prints the memory before and with them, and whether each of them still answers.
import { once } from "node:events";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { root } from "./checkout.ts";
import { startService } from "./commands.ts";
import { secondsToFirst200 } from "./first-answer.ts";
import { residentBytes } from "./servers.ts";
import { freePort, Workplace } from "./workplace.ts";

/** Connections that are opened at the same time. */
const atOnce = 200;

process.exitCode = await main(Number(process.argv[2] ?? "10000"));

async function main(wanted: number): Promise<number> {
  const aborted = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.on(name, () => aborted.abort(new Error(`ended by ${name}`)));
  const say = (line: string): void => void process.stderr.write(`idle: ${line}\n`);
  const workplace = new Workplace({ signal: aborted.signal, say });
  try {
    return await hold(workplace, wanted);
  } finally {
    await workplace.close();
  }
}

async function hold(workplace: Workplace, wanted: number): Promise<number> {
  const port = await freePort();
  const tree = workplace.path("gateway");
  cpSync(join(root, "examples/echo-gateway/src"), tree, { recursive: true });
  const file = join(tree, "config/echo/echo.cfg");
  writeFileSync(file, readFileSync(file, "utf8").replace(/^( *port) 8080$/m, `$1 ${port}`));
  const main = join(root, "packages/gateway/src/main.ts");
  const env = { ...process.env, DATAPOWER_WORKER_THREADS: "1", GATEWAY_HEALTH_PORT: "0" };
  const gateway = await startService(process.execPath, [main, tree], { env });
  workplace.defer("stopping the gateway", gateway.stop);
  const first = {
    signal: workplace.signal,
    gone: () => (gateway.hasEnded() ? gateway.output() : undefined),
  };
  await secondsToFirst200(port, performance.now(), first);
  await pause(2000);
  const before = residentBytes(gateway.pid);
  const sockets: Socket[] = [];
  workplace.defer("ending the clients", async () => {
    for (const socket of sockets) socket.destroy();
  });
  while (sockets.length < wanted) {
    const some = Array.from({ length: Math.min(atOnce, wanted - sockets.length) }, () =>
      open(port),
    );
    sockets.push(...(await Promise.all(some)));
  }
  await pause(2000);
  const held = residentBytes(gateway.pid);
  let answered = 0;
  for (let at = 0; at < sockets.length; at += atOnce) {
    const answers = await Promise.all(sockets.slice(at, at + atOnce).map(asks));
    answered += answers.filter((answer) => answer.startsWith("HTTP/1.1 200 ")).length;
  }
  const each = Math.round((held - before) / wanted);
  process.stdout.write(
    `${wanted} connections: ${mebibytes(before)} before, ${mebibytes(held)} with them, ${each} bytes each; ` +
      `${answered} answered again\n`,
  );
  return answered === wanted ? 0 : 1;
}

/** A connection that has had one answer. */
async function open(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  await asks(socket);
  return socket;
}

/** The answer, or nothing when the connection is gone. */
async function asks(socket: Socket): Promise<string> {
  if (socket.destroyed) return "";
  socket.write("GET /idle HTTP/1.1\r\nHost: a\r\n\r\n");
  const gone = new AbortController();
  socket.once("close", () => gone.abort());
  try {
    const [bytes] = (await once(socket, "data", { signal: gone.signal })) as [Buffer];
    return bytes.toString("latin1");
  } catch {
    return "";
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
