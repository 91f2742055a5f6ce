import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A real HTTP server on loopback; `stop` ends it as a process that gets SIGTERM would. */
export interface TestBackend {
  readonly host: string;
  readonly port: number;
  readonly server: Server;
  /** Requests whose headers arrived. */
  readonly seen: () => number;
  stop(): Promise<void>;
}

export async function startBackend(listener: RequestListener, port = 0): Promise<TestBackend> {
  let seen = 0;
  const server = createServer((request, response) => {
    seen += 1;
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    server,
    seen: () => seen,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Answers every request with a text. */
export function says(text: string, status = 200): RequestListener {
  return (request, response) => {
    request.resume();
    request.on("end", () => {
      response.writeHead(status, { "Content-Type": "text/plain" });
      response.end(text);
    });
  };
}
