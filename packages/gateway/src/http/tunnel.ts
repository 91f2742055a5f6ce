import type { Socket } from "node:net";

/** A backend's connection that has changed its protocol: paused, with what came after its answer. */
export interface Upgraded {
  readonly socket: Socket;
  readonly first: Buffer;
}

/**
 * Bytes both ways between a client and a backend after a change of protocol, each as fast as the
 * other side takes it. The end of one direction goes on as such; a broken side breaks the other.
 */
export class Tunnel {
  readonly #client: Socket;
  readonly #backend: Socket;
  /** When a byte last went either way, in milliseconds since 1970. */
  #since = Date.now();

  constructor(client: Socket, { socket, first }: Upgraded) {
    this.#client = client;
    this.#backend = socket;
    socket.on("data", (bytes: Buffer) => {
      this.#since = Date.now();
      if (!client.write(bytes)) socket.pause();
    });
    client.on("drain", () => socket.resume());
    socket.on("drain", () => client.resume());
    socket.on("end", () => client.end());
    socket.on("error", () => client.destroy());
    socket.on("close", () => {
      if (!socket.readableEnded) client.destroy();
    });
    if (first.length > 0) client.write(first);
    socket.resume();
    if (socket.destroyed) client.destroy();
  }

  /** What the client sends; the bytes are not kept. */
  take(bytes: Buffer): void {
    this.#since = Date.now();
    if (!this.#backend.write(Buffer.from(bytes))) this.#client.pause();
  }

  /** Ends both sides when there was nothing for more than `most` milliseconds; 0 is no limit. */
  check(now: number, most: number): void {
    if (most > 0 && now - this.#since > most) this.#client.destroy();
  }

  /** The client sends nothing more. */
  end(): void {
    this.#backend.end();
  }

  destroy(): void {
    this.#backend.destroy();
  }
}
