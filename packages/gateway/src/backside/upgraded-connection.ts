import type { Socket } from "node:net";
import type { Headers } from "../http/headers.ts";
import type { Destination } from "./destination.ts";
import { type Network, openSocket } from "./open-socket.ts";
import { BadResponse, parseResponseHead, type ResponseHead } from "./response-head.ts";

/** Longest head of the answer to a request for another protocol, in bytes. */
const longestHead = 131_072;
/** Most bytes of an answer that says no. */
const longestRefusal = 1_048_576;

/** A backend that took the other protocol: the socket is paused, and `first` came with the head. */
export interface UpgradedConnection {
  readonly status: 101;
  readonly headers: Headers;
  readonly socket: Socket;
  readonly first: Buffer;
}

/** A backend that did not: its ordinary answer, whole. Its connection has ended. */
export interface RefusedUpgrade {
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/**
 * Asks a backend for another protocol, such as WebSocket, over a connection of its own. `head` is
 * the request line and header lines with CRLF, with Upgrade and Connection, without the empty line.
 * Rejects with why there is no answer; `timeout` is for the connection and for the answer, in
 * milliseconds. `Backend.upgrade` makes the head and finds the way.
 */
export function openUpgraded(
  destination: Destination,
  network: Network,
  head: string,
  timeout: number,
): Promise<UpgradedConnection | RefusedUpgrade> {
  return new Promise((resolve, reject) => {
    openSocket(destination, network, timeout, undefined, (error, socket) => {
      if (socket === undefined) {
        reject(error);
        return;
      }
      const answer = new Answer(socket, timeout, resolve, reject);
      socket.on("data", answer.take);
      socket.write(`${head}\r\n`, "latin1");
    });
  });
}

/** Reads the one answer. */
class Answer {
  readonly #socket: Socket;
  readonly #resolve: (outcome: UpgradedConnection | RefusedUpgrade) => void;
  readonly #reject: (error: Error) => void;
  readonly #timer: NodeJS.Timeout;
  #parts: Buffer[] = [];
  #size = 0;
  #head: ResponseHead | undefined;

  constructor(
    socket: Socket,
    timeout: number,
    resolve: (outcome: UpgradedConnection | RefusedUpgrade) => void,
    reject: (error: Error) => void,
  ) {
    this.#socket = socket;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#timer = setTimeout(() => this.#fail(new Error("no answer in time")), timeout);
    socket.on("error", this.#fail);
    socket.on("end", this.#ended);
  }

  readonly take = (bytes: Buffer): void => {
    this.#parts.push(bytes);
    this.#size += bytes.length;
    if (this.#head !== undefined) {
      if (this.#size > longestRefusal) this.#refuse();
      return;
    }
    const all = Buffer.concat(this.#parts);
    this.#parts = [all];
    const end = all.indexOf("\r\n\r\n");
    if (end < 0) {
      if (all.length > longestHead) this.#fail(new BadResponse("its header is too long"));
      return;
    }
    try {
      this.#takeHead(all, end);
    } catch (error) {
      this.#fail(error as Error);
    }
  };

  #takeHead(all: Buffer, end: number): void {
    const head = parseResponseHead(all.toString("latin1", 0, end + 2), "GET");
    const rest = all.subarray(end + 4);
    if (head.status === 101) {
      this.#leave();
      this.#socket.pause();
      const { headers } = head;
      this.#resolve({ status: 101, headers, socket: this.#socket, first: rest });
      return;
    }
    this.#parts = [rest];
    this.#size = rest.length;
    if (head.status < 200) {
      this.#parts = [];
      this.#size = 0;
      this.take(rest);
      return;
    }
    this.#head = head;
    if (typeof head.body === "number" && rest.length >= head.body) this.#refuse();
  }

  /** The answer says no: as much of it as has come, without what frames it. */
  #refuse(): void {
    const { status, reason, headers, body } = this.#head!;
    const all = Buffer.concat(this.#parts);
    this.#leave();
    this.#socket.on("error", () => {});
    this.#socket.destroy();
    // chunks are not taken apart for a refusal: its body is left out
    const shown = typeof body === "number" ? all.subarray(0, body) : Buffer.alloc(0);
    this.#resolve({ status, reason, headers, body: body === "until close" ? all : shown });
  }

  readonly #ended = (): void => {
    if (this.#head === undefined)
      this.#fail(new Error("the connection ended before the answer did"));
    else this.#refuse();
  };

  readonly #fail = (error: Error): void => {
    this.#leave();
    this.#socket.on("error", () => {});
    this.#socket.destroy();
    this.#reject(error);
  };

  #leave(): void {
    clearTimeout(this.#timer);
    this.#socket.off("data", this.take);
    this.#socket.off("end", this.#ended);
    this.#socket.off("error", this.#fail);
  }
}
