import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./checkout.ts";
import { programPath, startService } from "./commands.ts";
import { nginxConfiguration } from "./nginx.ts";
import type { Server } from "./servers.ts";
import { freePort, type Workplace } from "./workplace.ts";

/** What the backend answers, whatever it is asked. */
export const backendAnswer = '{"items":[1,2,3],"next":null}';

/** nginx with one worker that answers everything with the same small JSON. */
export async function backendServer(workplace: Workplace): Promise<Server> {
  return nginx(
    workplace,
    "backend",
    (port) => `
  server {
    listen 127.0.0.1:${port};
    default_type application/json;
    location / { return 200 '${backendAnswer}'; }
  }`,
  );
}

/** nginx with one worker as a reverse proxy that keeps its connections to the backend. */
export async function nginxProxy(workplace: Workplace, backend: number): Promise<Server> {
  return nginx(
    workplace,
    "nginx proxy_pass",
    (port) => `
  upstream backend { server 127.0.0.1:${backend}; keepalive 512; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Client-IP $remote_addr;
      proxy_set_header X-Global-Transaction-ID $request_id;
    }
  }`,
  );
}

/** A gateway with one worker whose service sends what its one rule passes on to the backend. */
export async function gatewayProxy(workplace: Workplace, backend: number): Promise<Server> {
  const port = await freePort();
  const directory = workplace.path("proxy");
  mkdirSync(join(directory, "config/d"), { recursive: true });
  writeFileSync(
    join(directory, "config/auto-startup.cfg"),
    'top; configure terminal;\ndomain "d"\n  visible-domain default\nexit\n',
  );
  writeFileSync(join(directory, "config/d/d.cfg"), configuration(port, backend));
  const env = {
    ...process.env,
    GATEWAY_ROOT: directory,
    GATEWAY_HEALTH_PORT: String(await freePort()),
    DATAPOWER_WORKER_THREADS: "1",
  };
  const main = join(root, "packages/gateway/src/main.ts");
  return { name: "lithify", port, start: () => startService(process.execPath, [main], { env }) };
}

const configuration = (port: number, backend: number): string => `top; configure terminal;
source-http "front"
  local-address 127.0.0.1
  port ${port}
  allowed-features "HTTP-1.1+POST+GET+PUT+HEAD+QueryString"
exit
action "pass"
  type results
  input "INPUT"
  output "OUTPUT"
exit
rule "request"
  type request-rule
  action "pass"
exit
matching "all"
  urlmatch "*"
exit
stylepolicy "policy"
  match "all" "request"
exit
mpgw "proxy"
  front-protocol "front"
  stylepolicy "policy"
  type static-backend
  backend-url "http://127.0.0.1:${backend}"
  request-type preprocessed
  response-type preprocessed
exit
`;

async function nginx(
  workplace: Workplace,
  name: string,
  servers: (port: number) => string,
): Promise<Server> {
  const port = await freePort();
  const directory = workplace.path(name.replaceAll(/\W/g, "-"));
  mkdirSync(directory);
  const file = join(directory, "nginx.conf");
  writeFileSync(file, nginxConfiguration(directory, { connections: 4096, http: servers(port) }));
  const program = programPath("nginx") ?? "nginx";
  return { name, port, start: () => startService(program, ["-p", directory, "-c", file]) };
}
