import { request as httpRequest, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Ending } from "./forward.ts";
import { endToEnd, forwardedHeaders, type RawHeaders } from "./headers.ts";
import type { Exchange, Pool } from "./pool.ts";

export interface Tunnelling {
  readonly request: IncomingMessage;
  readonly client: Duplex;
  /** What the client sent behind its request. */
  readonly head: Buffer;
  readonly pool: Pool;
  readonly drop: readonly string[];
  readonly add: readonly string[];
  readonly onEnd: (ending: Ending) => void;
}

/** Passes an upgrade (a WebSocket) on; after the 101 bytes flow both ways until either side ends. */
export function tunnel(tunnelling: Tunnelling): void {
  const { request, client, pool } = tunnelling;
  const began = performance.now();
  const target = pool.pick(new Set());
  let over = false;
  let opened: number | undefined;
  const exchange: Exchange = {
    cut: () => {
      finish({ answer: "cut" });
      upstream?.destroy();
      client.destroy();
    },
  };
  const finish = (ending: Ending): void => {
    if (over) return;
    over = true;
    if (target !== undefined) pool.leave(target, exchange);
    tunnelling.onEnd(ending);
  };
  const refuse = (status: number, why: string): void => {
    client.end(head(status, "Bad Gateway", ["Connection", "close", "Content-Length", "0"]));
    finish({ answer: "unanswered", status, why });
  };
  if (target === undefined) {
    refuse(503, "no instance");
    return;
  }
  const upstream = httpRequest({
    host: target.host,
    port: target.port,
    method: request.method ?? "GET",
    path: request.url ?? "/",
    headers: upgradeHeaders(tunnelling),
    agent: false,
    setHost: false,
  });
  pool.enter(target, exchange);
  client.on("error", () => upstream.destroy());
  const closed = (): void =>
    finish(
      opened === undefined
        ? { answer: "abandoned" }
        : { answer: "answered", status: 101, milliseconds: opened },
    );
  client.on("close", () => {
    closed();
    upstream.destroy();
  });
  upstream.on("error", (error) => {
    if (!over) refuse(502, error.message);
  });
  upstream.on("upgrade", (answer, backend, first) => {
    client.write(
      head(101, answer.statusMessage ?? "Switching Protocols", [
        ...upgradeOf(answer.rawHeaders),
        ...endToEnd(answer.rawHeaders),
        ...tunnelling.add,
      ]),
    );
    if (first.length > 0) client.write(first);
    if (tunnelling.head.length > 0) backend.write(tunnelling.head);
    opened = performance.now() - began;
    join(client, backend, closed);
  });
  upstream.on("response", (answer) => {
    const headers = [...endToEnd(answer.rawHeaders), ...tunnelling.add, "Connection", "close"];
    client.write(head(answer.statusCode ?? 502, answer.statusMessage ?? "", headers));
    answer.pipe(client);
    answer.on("end", () =>
      finish({
        answer: "answered",
        status: answer.statusCode ?? 0,
        milliseconds: performance.now() - began,
      }),
    );
  });
  upstream.end();
}

function join(client: Duplex, backend: Duplex, done: () => void): void {
  client.pipe(backend);
  backend.pipe(client);
  backend.on("error", () => client.destroy());
  backend.on("close", () => {
    done();
    client.end();
  });
  client.on("close", () => {
    done();
    backend.destroy();
  });
}

function upgradeHeaders({ request, drop }: Tunnelling): string[] {
  return [
    ...forwardedHeaders(request.rawHeaders, {
      address: request.socket.remoteAddress?.replace(/^::ffff:/, "") ?? "unknown",
      drop,
    }),
    ...upgradeOf(request.rawHeaders),
  ];
}

function upgradeOf(raw: RawHeaders): string[] {
  const at = raw.findIndex((field, i) => i % 2 === 0 && field.toLowerCase() === "upgrade");
  return at < 0 ? [] : ["Connection", "Upgrade", "Upgrade", raw[at + 1] ?? ""];
}

function head(status: number, text: string, headers: RawHeaders): string {
  const lines = [`HTTP/1.1 ${status} ${text}`];
  for (let i = 0; i + 1 < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}
