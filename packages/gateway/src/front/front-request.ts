import type { Socket } from "node:net";
import type { Headers } from "../http/headers.ts";
import type { RequestHead } from "../http/request-head.ts";
import type { IncomingRequest } from "../message/transaction.ts";

/** A connection as its requests see it: addresses as text, made when first asked for. */
export class Addresses {
  readonly #socket: Socket;
  #client: string | undefined;
  #local: string | undefined;
  /** What a policy has noted of the connection: var://service/connection/note. */
  note = "";
  /** Requests that came on it, this one included. */
  requests = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get client(): string {
    this.#client ??= `${plainAddress(this.#socket.remoteAddress)}:${this.#socket.remotePort ?? 0}`;
    return this.#client;
  }

  get local(): string {
    this.#local ??= `${plainAddress(this.#socket.localAddress)}:${this.#socket.localPort ?? 0}`;
    return this.#local;
  }
}

/** A request as its transaction sees it. */
export class FrontRequest implements IncomingRequest {
  readonly head: RequestHead;
  readonly uri: string;
  readonly scheme: "http" | "https";
  readonly upgrade: "websocket" | undefined;
  readonly #addresses: Addresses;
  answered = false;
  onGone: (() => void) | undefined = undefined;

  constructor(head: RequestHead, addresses: Addresses, scheme: "http" | "https") {
    this.head = head;
    this.scheme = scheme;
    this.upgrade = head.framing.asksWebSocket ? "websocket" : undefined;
    this.uri = uriOf(head.target);
    this.#addresses = addresses;
    addresses.requests++;
  }

  get connection(): { note: string; readonly requests: number } {
    return this.#addresses;
  }

  get method(): string {
    return this.head.method;
  }

  get httpVersion(): string {
    return this.head.version;
  }

  get headers(): Headers {
    return this.head.framing.headers;
  }

  get client(): string {
    return this.#addresses.client;
  }

  get local(): string {
    return this.#addresses.local;
  }
}

/** Path and query of a request target, which may be a whole URL (RFC 9112, 3.2). */
function uriOf(target: string): string {
  if (target.startsWith("/")) return target;
  const absolute = /^https?:\/\/[^/?]*([/?].*)?$/i.exec(target);
  if (absolute === null) return target;
  const rest = absolute[1] ?? "/";
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/** An address without what says that it is an IPv4 address in IPv6. */
export function plainAddress(address: string | undefined): string {
  return (address ?? "").replace(/^::ffff:/, "");
}
