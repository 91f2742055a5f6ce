import { connect, type Socket } from "node:net";

/** What clients met that asked all the time. */
export interface LoadReport {
  readonly answers: number;
  /** Answers with another status than 200, by status line. */
  readonly others: ReadonlyMap<string, number>;
  /** Requests on a connection that had served before, and ended without an answer. */
  readonly dropped: number;
  /** Connections that never served a request. */
  readonly refused: number;
}

/** Clients that each send one request after the other on kept connections. */
export class SteadyLoad {
  readonly #port: number;
  readonly #others = new Map<string, number>();
  readonly #sockets = new Set<Socket>();
  #answers = 0;
  #dropped = 0;
  #refused = 0;
  #stopped = false;
  readonly #clients: Promise<void>[];

  constructor(port: number, clients: number) {
    this.#port = port;
    this.#clients = Array.from({ length: clients }, (_, at) => this.#client(at));
  }

  get answers(): number {
    return this.#answers;
  }

  /** Ends the clients; those of a server that is gone have ended by themselves. */
  async stop(): Promise<LoadReport> {
    this.#stopped = true;
    await Promise.all(this.#clients);
    const [answers, others] = [this.#answers, this.#others];
    return { answers, others, dropped: this.#dropped, refused: this.#refused };
  }

  async #client(number: number): Promise<void> {
    let failures = 0;
    while (!this.#stopped && failures < 3) {
      const served = await this.#connection(number);
      failures = served === 0 ? failures + 1 : 0;
      if (served === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** One connection until it ends; gives how many requests it served. */
  #connection(number: number): Promise<number> {
    return new Promise((resolve) => {
      const socket = connect(this.#port, "127.0.0.1");
      this.#sockets.add(socket);
      let served = 0;
      let waiting = false;
      let text = "";
      const ask = (): void => {
        if (this.#stopped) {
          socket.destroy();
          return;
        }
        waiting = true;
        text = "";
        socket.write(`GET /load/${number} HTTP/1.1\r\nHost: a\r\n\r\n`);
      };
      socket.setEncoding("latin1");
      socket.on("connect", ask);
      socket.on("data", (part) => {
        text += part;
        if (!text.endsWith("0\r\n\r\n")) return;
        waiting = false;
        served++;
        this.#answers++;
        const status = text.slice(0, text.indexOf("\r\n"));
        if (!status.includes(" 200 "))
          this.#others.set(status, (this.#others.get(status) ?? 0) + 1);
        if (/\r\nConnection: close\r\n/i.test(text)) socket.end();
        else ask();
      });
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#sockets.delete(socket);
        if (waiting && served > 0) this.#dropped++;
        else if (served === 0) this.#refused++;
        resolve(served);
      });
    });
  }
}
