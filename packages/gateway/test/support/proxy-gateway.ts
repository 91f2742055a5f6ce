import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { openLog } from "../../src/log.ts";
import { type Gateway, serveGateway } from "../../src/serve/serve-gateway.ts";
import { treeOf } from "./tree.ts";

/** A gateway of one domain for tests, with what it has logged. */
export interface ProxyGateway extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly log: () => string;
  /** The port of a service. */
  port(service?: string): number;
}

/** One proxying service: its own lines, and those of the objects that it needs. */
export interface ProxyService {
  readonly name?: string;
  readonly backend?: string;
  readonly lines?: string;
  /** More of what the front side lets in, as `+NAME`. */
  readonly features?: string;
  /** The request rule's actions by name, where one should run. */
  readonly actions?: string;
}

/** Serves proxying services over these objects and files. */
export async function proxyGateway(
  services: readonly ProxyService[],
  objects = "",
  files: Readonly<Record<string, string>> = {},
): Promise<ProxyGateway> {
  const text = services.map((service) => serviceText(service)).join("");
  const tree = treeOf({
    "config/auto-startup.cfg":
      'top; configure terminal;\ndomain "d"\n  visible-domain default\nexit\n',
    "config/d/d.cfg": `top; configure terminal;\n${objects}\nmatching "all"\n  urlmatch "*"\nexit\n${text}`,
    ...files,
  });
  let log = "";
  const gateway = await serveGateway({
    root: tree.root,
    log: openLog((line) => {
      log += line;
    }, "info"),
    portFor: () => 0,
    drainDeadline: 500,
  });
  return {
    gateway,
    log: () => log,
    port(service = "s") {
      const found = gateway.ports.find((each) => each.service === service);
      if (found === undefined) throw new Error(`${service} is not served:\n${log}`);
      return found.port;
    },
    async [Symbol.asyncDispose]() {
      await gateway.close();
      tree[Symbol.dispose]();
    },
  };
}

function serviceText(service: ProxyService): string {
  const { name = "s", backend, lines = "", features = "", actions = "pass" } = service;
  const methods = "POST+GET+PUT+HEAD+OPTIONS+DELETE+PATCH+QueryString";
  const to =
    backend === undefined
      ? "  type dynamic-backend\n"
      : `  type static-backend\n  backend-url "${backend}"\n`;
  return `source-http "${name}-front"
  local-address 127.0.0.1
  port 8080
  allowed-features "HTTP-1.0+HTTP-1.1+${methods}${features}"
exit
action "pass"
  type results
  input "INPUT"
  output "OUTPUT"
exit
rule "${name}-request"
  type request-rule
${actions
  .split(" ")
  .map((action) => `  action "${action}"\n`)
  .join("")}exit
stylepolicy "${name}-policy"
  match "all" "${name}-request"
exit
mpgw "${name}"
  front-protocol "${name}-front"
  stylepolicy "${name}-policy"
  request-type preprocessed
  response-type preprocessed
${to}${lines}exit
`;
}

/** A server on a free port of the loopback interface that hands every connection to `serve`. */
export async function rawBackend(
  serve: (socket: Socket) => void,
): Promise<AsyncDisposable & { readonly port: number; readonly sockets: ReadonlySet<Socket> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
