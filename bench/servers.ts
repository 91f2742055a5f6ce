import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleGateway, programMain } from "../packages/build/src/base/gateway-program.ts";
import { heapVariables } from "../packages/build/src/base/layout.ts";
import { root } from "./checkout.ts";
import { programPath, type Service, startService } from "./commands.ts";
import { copyExample, movePort } from "./example.ts";
import { nginxConfiguration } from "./nginx.ts";
import { freePort, type Workplace } from "./workplace.ts";

/** A server of the example's answer on a loopback port. */
export interface Server {
  readonly name: string;
  readonly port: number;
  readonly start: () => Promise<Service>;
}

/** The example on the gateway from the checkout's sources, one worker; only the port is another. */
export function checkoutServer(workplace: Workplace): Promise<Server> {
  const main = join(root, "packages/gateway/src/main.ts");
  return gatewayServer(workplace, "lithify from sources", { main, env: {}, workers: 1 });
}

/** The same on the gateway's program with the settings that it has in an image. */
export async function programServer(workplace: Workplace, workers = 1): Promise<Server> {
  const gatewayDirectory = join(root, "packages/gateway");
  const place = workplace.path(`program-${workers}`);
  mkdirSync(join(place, "program"), { recursive: true });
  for (const part of ["package.json", "data"])
    symlinkSync(join(gatewayDirectory, part), join(place, part));
  symlinkSync(join(root, "node_modules"), join(place, "node_modules"));
  const faultDirectory = join(root, "packages/fault");
  for (const [name, text] of await bundleGateway({ gatewayDirectory, faultDirectory }))
    writeFileSync(join(place, "program", name), text);
  const main = join(place, "program", programMain);
  return gatewayServer(workplace, "lithify", { main, env: heapVariables, workers });
}

interface Program {
  readonly main: string;
  readonly env: Readonly<Record<string, string>>;
  readonly workers: number;
}

async function gatewayServer(
  workplace: Workplace,
  name: string,
  { main, env: more, workers }: Program,
): Promise<Server> {
  const port = await freePort();
  const health = await freePort();
  const copy = copyExample(workplace.path(`${name} ${workers}`));
  movePort(copy, port);
  const env = {
    ...process.env,
    ...more,
    GATEWAY_ROOT: join(copy, "src"),
    GATEWAY_HEALTH_PORT: String(health),
    DATAPOWER_WORKER_THREADS: String(workers),
  };
  return { name, port, start: () => startService(process.execPath, [main], { env }) };
}

const njsModule = "/usr/lib/nginx/modules/ngx_http_js_module.so";

/** What is missing for nginx with njs, or undefined. */
export function nginxMissing(): string | undefined {
  if (programPath("nginx") === undefined)
    return "nginx: the program is missing; install nginx-light";
  try {
    readFileSync(njsModule);
  } catch {
    return "nginx: its njs module is missing; install libnginx-mod-http-js";
  }
  return undefined;
}

const script = `function echo(request) {
  request.headersOut["Content-Type"] = "application/json";
  request.return(200, JSON.stringify({ method: request.method, uri: request.variables.request_uri }));
}
export default { echo };
`;

const configuration = (directory: string, port: number, workers: number): string =>
  nginxConfiguration(directory, {
    connections: 1024,
    workers,
    modules: `load_module ${njsModule};\n`,
    http: `  js_import main from ${directory}/echo.js;
  server {
    listen 127.0.0.1:${port};
    location / { js_content main.echo; }
  }`,
  });

/** nginx, whose script makes the same JSON of method and request URI. */
export async function nginxServer(workplace: Workplace, workers = 1): Promise<Server> {
  const port = await freePort();
  const directory = workplace.path(`nginx-${workers}`);
  mkdirSync(directory);
  writeFileSync(join(directory, "echo.js"), script);
  writeFileSync(join(directory, "nginx.conf"), configuration(directory, port, workers));
  const args = ["-p", directory, "-c", join(directory, "nginx.conf")];
  return {
    name: "nginx with njs",
    port,
    start: () => startService(programPath("nginx") ?? "nginx", args),
  };
}

/** Resident memory of a process and all below it, in bytes; a shared page counts in parts (PSS). */
export function residentBytes(pid: number): number {
  const own = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1];
  return childrenOf(pid).reduce((sum, child) => sum + residentBytes(child), Number(own) * 1024);
}

function childrenOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8")
      .split(" ")
      .filter((text) => text !== "")
      .map(Number),
  );
}
