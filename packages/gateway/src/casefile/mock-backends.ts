import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { OutboundRoute } from "../backside/outbound.ts";
import type { ActualMessage } from "./compare-message.ts";
import type { MockedBackend } from "./read-cases.ts";

/** A request that came to a backend: `url` as the gateway meant it. */
export interface SentRequest extends ActualMessage {
  readonly url: string;
  /** The backend of the case that answered; undefined when none fits. */
  readonly backend: MockedBackend | undefined;
}

/** One server in place of all backends of a gateway, for one case at a time. */
export class MockBackends implements OutboundRoute {
  readonly #server: Server;
  readonly #origins = new Map<number, string>();
  #backends: readonly MockedBackend[] = [];
  #sent: SentRequest[] = [];

  private constructor(server: Server) {
    this.#server = server;
    server.on("request", (request, response) => this.#take(request, response));
  }

  /** Listens on a free port of the loopback interface. */
  static async open(): Promise<MockBackends> {
    const server = createServer({ keepAliveTimeout: 60_000 });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    return new MockBackends(server);
  }

  /** The backends of the next case. */
  expect(backends: readonly MockedBackend[]): void {
    this.#backends = backends;
    this.#sent = [];
  }

  /** What the gateway has sent since `expect`. */
  get sent(): readonly SentRequest[] {
    return this.#sent;
  }

  to(): { host: string; port: number } {
    return { host: "127.0.0.1", port: (this.#server.address() as AddressInfo).port };
  }

  connected(localPort: number, host: string, port: number, secure: boolean): void {
    const origin = `${secure ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}`;
    const usual = port === (secure ? 443 : 80);
    this.#origins.set(localPort, usual ? origin : `${origin}:${port}`);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const origin = this.#origins.get(request.socket.remotePort ?? 0) ?? "http://unknown";
      const path = request.url ?? "/";
      const url = origin + path;
      const backend = this.#backends.find((each) => fitsUrl(each.url, url));
      const body = Buffer.concat(parts).toString("utf8");
      const header = (name: string): string | undefined =>
        request.headersDistinct[name.toLowerCase()]?.join(", ");
      this.#sent.push({ url, backend, method: request.method ?? "", path, header, body });
      const answer = backend?.answer;
      response.writeHead(answer?.status ?? 502, Object.fromEntries(answer?.headers ?? []));
      response.end(answer?.body ?? `no backend of the case answers ${url}`);
    });
    request.on("error", () => response.destroy());
  }
}

function fitsUrl(pattern: string, url: string): boolean {
  const source = pattern
    .split("*")
    .map((part) => RegExp.escape(part))
    .join(".*");
  return new RegExp(`^${source}$`, "s").test(url);
}
