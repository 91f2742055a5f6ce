import { Agent, type AgentOptions } from "node:http";
import { connect, type NetConnectOpts } from "node:net";

/** Where a connection to a backend goes instead of its own host and port; undefined to let it be. */
export interface OutboundRoute {
  to(host: string, port: number): { readonly host: string; readonly port: number } | undefined;
  /** Told once such a connection stands, with its own port. */
  connected(localPort: number, host: string, port: number): void;
}

/** An agent whose connections follow `route`; a plain one without it. */
export function outboundAgent(options: AgentOptions, route: OutboundRoute | undefined): Agent {
  const agent = new Agent(options);
  if (route === undefined) return agent;
  agent.createConnection = (own) => {
    const asked = own as { readonly host?: string | null; readonly port?: number | string | null };
    const host = asked.host ?? "localhost";
    const port = Number(asked.port ?? 80);
    const other = route.to(host, port) ?? { host, port };
    const socket = connect({ ...(own as NetConnectOpts), ...other });
    socket.once("connect", () => route.connected(socket.localPort ?? 0, host, port));
    return socket;
  };
  return agent;
}
