import type { Socket } from "node:net";
import { writeTogether } from "../http/write-together.ts";
import { AnswerBody } from "./answer-body.ts";
import { type BackendAnswer, WholeAnswer } from "./exchange.ts";
import { type OutgoingRequest, RequestPump, sendWhole } from "./request-pump.ts";
import type { ResponseHead } from "./response-head.ts";
import type { ResponseHeads } from "./response-heads.ts";
import { ResponseReader, type ResponseSink } from "./response-reader.ts";

/** Hears once of what became of a request. */
export interface ExchangeListener {
  /** The answer began; a body that is a stream has to be read or destroyed. */
  answered(answer: BackendAnswer): void;
  /** No answer will come. `silent` when the backend has sent nothing at all for this request. */
  failed(error: Error, silent: boolean): void;
}

/** Who keeps connections: hears when one can take another request, and when one has ended. */
export interface ConnectionOwner {
  readonly heads: ResponseHeads;
  idle(connection: BackendConnection): void;
  gone(connection: BackendConnection): void;
}

const noBytes = new Uint8Array(0);

/** One connection to a backend: one request after the other, each with its answer. */
export class BackendConnection implements ResponseSink {
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  #request: OutgoingRequest | undefined;
  #pump: RequestPump | undefined;
  /** Reads the answer to the request; undefined without one. */
  #reader: ResponseReader | undefined;
  #kept: ResponseReader | undefined;
  /** Undefined once the answer was handed over. */
  #listener: ExchangeListener | undefined;
  /** True while the request waits to be written with others. */
  #unwritten = false;
  #body: AnswerBody | undefined;
  /** To be handed over once its bytes are taken. */
  #answer: BackendAnswer | undefined;
  #silent = true;
  /** True once the backend has said that it sends nothing more. */
  #ended = false;
  /** True when something has happened since the last check. */
  #stirred = true;
  #since = Date.now();
  #written = 0;
  /** Requests that it has carried or carries. */
  uses = 0;

  /** `socket` is connected; its bytes come through `take`. */
  constructor(socket: Socket, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    socket.on("end", () => {
      this.#ended = true;
      this.#onEnd();
    });
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => {
      this.#fail(new Error("the connection ended"));
      owner.gone(this);
    });
  }

  /** True while it can take a request; nobody but this ends its sending side. */
  get usable(): boolean {
    return this.#request === undefined && !this.#ended && !this.#socket.destroyed;
  }

  begin(request: OutgoingRequest, listener: ExchangeListener): void {
    this.uses++;
    this.#stirred = true;
    this.#silent = true;
    this.#request = request;
    this.#listener = listener;
    this.#kept ??= new ResponseReader(this.#owner.heads, this);
    this.#kept.begin(request.method);
    this.#reader = this.#kept;
    const { body } = request;
    if (body instanceof Uint8Array) {
      this.#unwritten = true;
      writeTogether(this.#write);
      return;
    }
    this.#pump = new RequestPump(this.#socket, request, body, (error) => this.#fail(error));
    this.#pump.start();
  }

  readonly #write = (): void => {
    const request = this.#request;
    if (!this.#unwritten || request === undefined) return;
    this.#unwritten = false;
    sendWhole(this.#socket, request, request.body as Uint8Array);
  };

  /** Gives the request up; nobody hears of it again. */
  abort(): void {
    this.#listener = undefined;
    this.#fail(new Error("the request was given up"));
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Ends what has been silent for too long; called from time to time with the clock's value. */
  check(now: number, mostIdle: number): void {
    if (this.#stirred) {
      this.#stirred = false;
      this.#since = now;
      return;
    }
    if (this.#request === undefined) {
      if (now - this.#since > mostIdle) this.#socket.destroy();
      return;
    }
    const written = this.#socket.bytesWritten - this.#socket.writableLength;
    // whoever does not read the answer, or send the request, is not this backend
    if (
      written !== this.#written ||
      this.#socket.isPaused() ||
      this.#pump?.waitsForClient === true
    ) {
      this.#written = written;
      this.#since = now;
    } else if (now - this.#since > this.#request.timeout) {
      this.#fail(new Error(`it was silent for ${this.#request.timeout / 1000} s`));
    }
  }

  /** Bytes of the backend, valid only during the call. */
  take(bytes: Buffer): void {
    const reader = this.#reader;
    if (reader === undefined) {
      // nobody has asked for anything: such bytes must not become the next answer
      this.#socket.destroy();
      return;
    }
    if (this.#unwritten) {
      this.#fail(new Error("it answers before it was asked"));
      return;
    }
    const listener = this.#listener;
    this.#silent = false;
    this.#stirred = true;
    try {
      const used = reader.feed(bytes);
      if (reader.done && this.#reader === reader) this.#finish(used < bytes.length);
    } catch (error) {
      this.#fail(error as Error);
    }
    // only now: whoever hears of it may begin the next request, and must not disturb this one
    const answer = this.#answer;
    if (answer === undefined) return;
    this.#answer = undefined;
    listener?.answered(answer);
  }

  proceed(): void {
    this.#pump?.proceed();
  }

  whole(head: ResponseHead, body: string): void {
    this.#listener = undefined;
    this.#answer = new WholeAnswer(head, body);
  }

  head({ status, reason, headers }: ResponseHead, parts: readonly Buffer[], whole: boolean): void {
    this.#listener = undefined;
    if (whole) {
      this.#answer = { status, reason, headers, body: joined(parts) };
      return;
    }
    const body = new AnswerBody(
      () => void (this.#body === body && this.#socket.isPaused() && this.#socket.resume()),
      () => this.#body === body && this.abort(),
    );
    this.#body = body;
    for (const part of parts) this.part(part);
    this.#answer = { status, reason, headers, body };
  }

  part(bytes: Buffer): void {
    if (this.#body?.push(Buffer.from(bytes)) === false) this.#socket.pause();
  }

  end(): void {
    const body = this.#body;
    this.#body = undefined;
    body?.push(null);
  }

  /** The answer is whole. `more` when bytes came that are no part of it. */
  #finish(more: boolean): void {
    const again = !more && this.#reader?.keepsAlive === true && this.#pump?.done !== false;
    this.#pump?.stop();
    this.#request = undefined;
    this.#reader = undefined;
    this.#pump = undefined;
    if (this.#socket.isPaused()) this.#socket.resume();
    if (again && this.usable) this.#owner.idle(this);
    else this.#socket.destroy();
  }

  #onEnd(): void {
    if (this.#reader === undefined) {
      this.#socket.destroy();
      return;
    }
    try {
      this.#reader.finish();
      this.#finish(false);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #fail(error: Error): void {
    if (this.#request === undefined) return;
    this.#request = undefined;
    this.#reader = undefined;
    this.#unwritten = false;
    this.#pump?.stop();
    this.#pump = undefined;
    const body = this.#body;
    this.#body = undefined;
    body?.destroy(error);
    const listener = this.#listener;
    this.#listener = undefined;
    this.#socket.destroy();
    listener?.failed(error, this.#silent);
  }
}

/** A copy of what is valid only during a call. */
function joined(parts: readonly Buffer[]): Uint8Array {
  if (parts.length === 0) return noBytes;
  return parts.length === 1 ? Buffer.from(parts[0]!) : Buffer.concat(parts);
}
