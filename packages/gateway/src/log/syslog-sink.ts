import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { connect, type Socket } from "node:net";
import type { LogSink } from "./log-sink.ts";
import { WaitingSink } from "./waiting-sink.ts";

export interface SyslogOptions {
  readonly transport: "udp" | "tcp";
  readonly address: string;
  readonly port: number;
  /** Milliseconds before a connection that failed is tried again. */
  readonly retry: number;
  readonly note: (dropped: number) => string;
}

/** Longest datagram, in bytes (RFC 5426 asks for at least 2048 to be taken). */
const longestDatagram = 8192;
const mostDatagrams = 1000;
const connectTime = 5000;

/** Lines to a syslog server: a datagram each, or ended by line breaks on one connection. */
export function syslogSink(options: SyslogOptions): LogSink {
  return options.transport === "udp" ? new DatagramSink(options) : new ConnectionSink(options);
}

class DatagramSink implements LogSink {
  readonly #options: SyslogOptions;
  readonly #socket: DatagramSocket;
  written = 0;
  dropped = 0;
  pending = 0;
  why: string | undefined;

  constructor(options: SyslogOptions) {
    this.#options = options;
    this.#socket = createSocket(options.address.includes(":") ? "udp6" : "udp4");
    this.#socket.on("error", (error) => {
      this.why = error.message;
    });
    this.#socket.unref();
  }

  write(line: string): void {
    if (this.pending >= mostDatagrams) {
      this.dropped++;
      return;
    }
    this.pending++;
    const bytes = Buffer.from(line).subarray(0, longestDatagram);
    this.#socket.send(bytes, this.#options.port, this.#options.address, (error) => {
      this.pending--;
      if (error === null) this.written++;
      else this.dropped++;
      this.why = error?.message;
    });
  }

  async flush(most: number): Promise<void> {
    const until = Date.now() + most;
    while (this.pending > 0 && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  close(): void {
    this.#socket.close();
  }
}

class ConnectionSink extends WaitingSink {
  readonly #options: SyslogOptions;
  #socket: Socket | undefined;
  #closed = false;
  #failedAt = 0;

  constructor(options: SyslogOptions) {
    super(options.note);
    this.#options = options;
  }

  override write(line: string): void {
    if (!this.#closed) super.write(line);
  }

  close(): void {
    this.#closed = true;
    this.#socket?.destroy();
  }

  /** Lines wait out the pause after a failure, so that a server that is away costs nothing. */
  protected carry(bytes: Buffer, done: (error?: Error | null) => void): void {
    const pause = this.#failedAt + this.#options.retry - Date.now();
    if (pause > 0) {
      setTimeout(() => this.carry(bytes, done), pause).unref();
      return;
    }
    this.#connected().then(
      (socket) => {
        let over = false;
        const end = (error?: Error | null): void => {
          if (over) return;
          over = true;
          socket.off("close", gone);
          done(error);
        };
        const gone = (): void => end(new Error("the connection ended"));
        socket.once("close", gone);
        socket.write(bytes, end);
      },
      (error: Error) => {
        this.#failedAt = Date.now();
        done(error);
      },
    );
  }

  #connected(): Promise<Socket> {
    const open = this.#socket;
    if (open !== undefined && !open.destroyed && open.writable) return Promise.resolve(open);
    const { address, port } = this.#options;
    return new Promise((resolve, reject) => {
      const socket = connect({ host: address, port, timeout: connectTime });
      socket.unref();
      socket.once("connect", () => {
        socket.setTimeout(0);
        this.#socket = socket;
        resolve(socket);
      });
      socket.on("timeout", () => socket.destroy(new Error("no connection in time")));
      socket.on("error", reject);
      // what a server sends is nothing to us, but its end must be seen
      socket.resume();
    });
  }
}
