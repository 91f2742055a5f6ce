import { http } from "./node-http.ts";

/** What the health page says. `ready` only while every enabled service is up. */
export interface Health {
  readonly ready: boolean;
  readonly services: readonly {
    readonly domain: string;
    readonly name: string;
    readonly kind: string;
    readonly state: "up" | "down" | "disabled";
    readonly reasons: readonly string[];
  }[];
}

/** A health page that is being served. */
export interface HealthPage {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * `GET /` answers 200 with the health as JSON when ready, else 503; `GET /metrics` answers what
 * `metrics` gives, for Prometheus. Rejects when the port is taken.
 */
export function openHealthPage(
  port: number,
  health: () => Health,
  metrics?: () => Promise<string>,
): Promise<HealthPage> {
  const server = http.createServer((request, response) => {
    if (metrics !== undefined && request.url === "/metrics") {
      response.setHeader("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
      metrics().then(
        (text) => response.end(text),
        (error: Error) => {
          response.statusCode = 500;
          response.end(`# ${error.message.replaceAll(/[\r\n]+/g, " ")}\n`);
        },
      );
      return;
    }
    const now = health();
    const found = request.url === "/" || request.url?.startsWith("/?") === true;
    response.statusCode = found ? (now.ready ? 200 : 503) : 404;
    response.setHeader("Content-Type", "application/json");
    response.end(found ? `${JSON.stringify(now)}\n` : '{"error":"only / is here"}\n');
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, () => {
      const address = server.address();
      resolve({
        port: typeof address === "object" && address !== null ? address.port : port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      });
    });
  });
}
