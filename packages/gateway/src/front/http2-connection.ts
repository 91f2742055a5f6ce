import {
  constants,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import type { Front, Guest } from "./front.ts";
import { Addresses } from "./front-request.ts";
import { Http2Exchange } from "./http2-exchange.ts";

/** Header lines of one request that are taken in where the handler sets no limit. */
const mostHeaderLines = 1000;

/** One HTTP/2 connection of a client: its requests go to the same handler as those of HTTP/1.1. */
export class Http2Connection implements Guest {
  readonly #front: Front;
  readonly #session: ServerHttp2Session;
  readonly #socket: Socket;
  readonly #exchanges = new Set<Http2Exchange>();
  readonly #addresses: Addresses;
  #since: number;

  constructor(socket: Socket, front: Front, now: number) {
    this.#front = front;
    this.#socket = socket;
    this.#since = now;
    this.#addresses = new Addresses(socket);
    const { http2, maxHeaderBytes, maxHeaderCount } = front.plan;
    this.#session = performServerHandshake(socket, {
      settings: {
        maxConcurrentStreams: http2.maxStreams,
        maxFrameSize: http2.maxFrame,
        maxHeaderListSize: maxHeaderBytes,
        enableConnectProtocol: false,
      },
      // one more than allowed, and the pseudo-headers: the refusal is then an answer
      maxHeaderListPairs: (maxHeaderCount || mostHeaderLines) + 5,
    } as Parameters<typeof performServerHandshake>[1]);
    socket.on("error", () => {});
    this.#session.on("error", () => {});
    this.#session.on("stream", (stream, _headers, flags, raw?: string[]) => {
      this.#begin(stream, flags, raw ?? []);
    });
  }

  get idle(): boolean {
    return this.#exchanges.size === 0;
  }

  check(now: number): void {
    const { plan, times } = this.#front;
    if (this.idle) {
      const most = plan.http2.idleTimeout || times.betweenMessages;
      if (now - this.#since > most) this.#socket.destroy();
      return;
    }
    for (const exchange of this.#exchanges) exchange.check(now, times.idleInMessage);
  }

  drain(): void {
    this.#session.close();
  }

  destroy(): void {
    this.#session.destroy();
    this.#socket.destroy();
  }

  #begin(stream: ServerHttp2Stream, flags: number, raw: readonly string[]): void {
    const ends = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    const exchange = new Http2Exchange(stream, this.#front, this.#addresses);
    this.#exchanges.add(exchange);
    stream.once("close", () => {
      this.#exchanges.delete(exchange);
      this.#since = Date.now();
    });
    exchange.begin(raw, ends);
  }
}

/** The connection preface of a client that knows that HTTP/2 is spoken (RFC 9113, 3.4). */
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Whether a connection begins as HTTP/2 does; undefined while both are possible. */
export function beginsAsHttp2(bytes: Buffer): boolean | undefined {
  const length = Math.min(bytes.length, preface.length);
  if (!bytes.subarray(0, length).equals(preface.subarray(0, length))) return false;
  return length === preface.length ? true : undefined;
}
