import type { Socket } from "node:net";
import type { Answer } from "../answer/answer.ts";
import { BodyReader } from "../http/body-reader.ts";
import { MessageBody } from "../http/message-body.ts";
import { BadRequest, type RequestHead } from "../http/request-head.ts";
import { Tunnel, type Upgraded } from "../http/tunnel.ts";
import type { ListenerPlan } from "../plan/service-plan.ts";
import type { Front, Guest } from "./front.ts";
import { refusalOf, refusalText, refuse } from "./front-refusals.ts";
import { Addresses, FrontRequest } from "./front-request.ts";
import { HeadCollector } from "./head-collector.ts";
import { endsConnection, together, writeAnswer, writeUpgrade } from "./response-writer.ts";

/** Bytes of requests that are kept while an earlier one of the connection is still answered. */
const mostPipelined = 65_536;
/** How long an ended connection may still send before it is cut, so that it can read its answer. */
const lingerMilliseconds = 2_000;
const noBytes = Buffer.alloc(0);

/**
 * One client connection: requests in, one after the other, answers out in the same order. What is
 * no HTTP is answered with 400 and the end of the connection.
 */
export class Connection implements Guest {
  readonly #socket: Socket;
  readonly #front: Front;
  readonly #heads = new HeadCollector();
  /** The state of the reading side. */
  #reading: "head" | "body" | "nothing" = "head";
  /** The request whose answer is awaited. */
  #request: FrontRequest | undefined;
  #body: MessageBody | undefined;
  /** The last head that was let in, and the plan that let it in. */
  #admitted: RequestHead | undefined;
  #admittedBy: ListenerPlan | undefined;
  #reader: BodyReader | undefined;
  /** What the connection has become after an upgrade; nothing else counts then. */
  #tunnel: Tunnel | undefined;
  /** Bytes that came and are not taken yet. */
  #input: Buffer = noBytes;
  #requests = 0;
  #halfClosed = false;
  #ending = false;
  #since: number;
  #sent = 0;
  readonly #respond = together((request: FrontRequest, answer) => this.#send(request, answer));
  readonly addresses: Addresses;

  constructor(socket: Socket, front: Front, now: number) {
    this.#socket = socket;
    this.#front = front;
    this.#since = now;
    this.addresses = new Addresses(socket);
    socket.on("end", () => this.#onEnd());
    socket.on("error", () => {});
    socket.on("close", () => this.#onClose());
  }

  /** True when nothing is in flight. */
  get idle(): boolean {
    return this.#request === undefined && this.#reading === "head" && !this.#heads.begun;
  }

  get heardAt(): number {
    return this.#since;
  }

  /** Ends what has been silent for too long; called from time to time with the clock's value. */
  check(now: number): void {
    const { plan, times } = this.#front;
    if (this.#tunnel !== undefined) {
      this.#tunnel.check(now, plan.webSocketIdle);
      return;
    }
    // what the client has taken of an answer counts as a sign of life
    const sent = this.#socket.bytesWritten - this.#socket.writableLength;
    if (!this.idle && sent !== this.#sent) this.#since = now;
    this.#sent = sent;
    if (this.#ending) {
      const most = this.#socket.writableFinished ? lingerMilliseconds : times.idleInMessage;
      if (now - this.#since > most) this.#socket.destroy();
    } else if (this.idle) {
      if (now - this.#since > times.betweenMessages) this.#socket.destroy();
    } else if (this.#request === undefined && this.#reading === "head") {
      if (plan.headerTimeout > 0 && now - this.#heads.since > plan.headerTimeout) {
        this.#refuse(refuse("slow", "the header did not come in time"));
      }
    } else if (now - this.#since > times.idleInMessage) {
      // an answer that is still being made is not the client's silence
      if (this.#reading === "body" || this.#request?.answered === true) this.#socket.destroy();
    }
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Takes what the client has sent; the bytes are not kept. */
  take(bytes: Buffer): void {
    if (this.#tunnel !== undefined) {
      this.#tunnel.take(bytes);
      return;
    }
    this.#since = Date.now();
    if (this.#ending || this.#reading === "nothing") return;
    const waits = this.#request !== undefined || this.#input.length > 0;
    if (waits && this.#reading === "head") {
      this.#input = Buffer.concat([this.#input, bytes]);
      if (this.#input.length > mostPipelined) this.#socket.pause();
      return;
    }
    this.#consume(bytes, false);
  }

  /** Takes bytes until they end or an answer has to be waited for; `kept` are the connection's own. */
  #consume(bytes: Buffer, kept: boolean): void {
    let rest = bytes;
    try {
      while (rest.length > 0 && !this.#ending) {
        if (this.#reader !== undefined) {
          rest = rest.subarray(this.#takeBody(this.#reader, rest));
        } else if (this.#request !== undefined) {
          rest = this.#keep(rest, kept);
        } else {
          const { head, rest: after } = this.#heads.take(rest, this.#front.plan.maxHeaderBytes);
          rest = after;
          if (rest.length > 0 && head?.framing.body === 0) rest = this.#keep(rest, kept);
          if (head !== undefined) this.#begin(head);
        }
      }
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      this.#refuse(refuse(error.kind, error.message));
    }
  }

  /** What is kept already is cut down request by request, without a copy for each. */
  #keep(bytes: Buffer, kept: boolean): Buffer {
    this.#input = kept ? bytes : Buffer.from(bytes);
    return noBytes;
  }

  #begin(head: RequestHead): void {
    const { plan, handler } = this.#front;
    const request = new FrontRequest(head, this.addresses, plan.tls ? "https" : "http");
    this.#request = request;
    this.#requests++;
    const { body } = head.framing;
    if (body !== 0) {
      this.#reading = "body";
      this.#reader = new BodyReader(body);
    }
    const known = head === this.#admitted && plan === this.#admittedBy;
    const refusal = known ? undefined : refusalOf(plan, head);
    if (refusal !== undefined) {
      this.#front.note(refusalText(this.addresses.client, refusal, head), "request");
      this.#send(request, refusal);
      return;
    }
    this.#admitted = head;
    this.#admittedBy = plan;
    if (body !== 0) this.#body = new MessageBody(() => this.#wantBody(head));
    handler(request, this.#body, (answer) => this.#respond(request, answer));
  }

  /** A reader waits for the body: now a client that asked may be told to send it. */
  #wantBody({ framing, version }: RequestHead): void {
    if (framing.expectsContinue && version === "1.1" && this.#body?.began === false) {
      if (this.#request?.answered === false) this.#socket.write("HTTP/1.1 100 Continue\r\n\r\n");
      this.#body.began = true;
    }
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  #takeBody(reader: BodyReader, bytes: Buffer): number {
    const used = reader.feed(bytes, (part) => {
      const body = this.#body;
      if (body === undefined || body.destroyed) return;
      body.began = true;
      if (!body.push(Buffer.from(part))) this.#socket.pause();
    });
    if (reader.done) {
      this.#reading = "head";
      this.#reader = undefined;
      this.#body?.push(null);
      this.#body = undefined;
      if (this.#socket.isPaused()) this.#socket.resume();
    }
    return used;
  }

  #send(request: FrontRequest, answer: Answer): void {
    if (this.#request !== request || this.#ending) {
      if (!(answer.body instanceof Uint8Array)) answer.body.destroy();
      answer.upgraded?.socket.destroy();
      return;
    }
    request.answered = true;
    if (answer.upgraded !== undefined) {
      this.#upgrade(answer, answer.upgraded);
      return;
    }
    const { plan } = this.#front;
    // an answer that comes before the whole request leaves no place for another one
    const close =
      answer.close ||
      this.#front.closing ||
      this.#halfClosed ||
      !plan.persistent ||
      this.#reading === "body" ||
      (plan.maxPersistentReuse > 0 && this.#requests >= plan.maxPersistentReuse) ||
      endsConnection(request.head, answer, plan.chunked);
    writeAnswer(this.#socket, request.head, answer, { close, chunks: plan.chunked }, (whole) => {
      if (!whole) this.#socket.destroy();
      else if (close) this.#end();
      // a client that does not read its answers gets no further ones
      else if (this.#socket.writableNeedDrain) this.#socket.once("drain", () => this.#next());
      else this.#next();
    });
  }

  /** From here on the connection only passes bytes on. */
  #upgrade(answer: Answer, upgraded: Upgraded): void {
    writeUpgrade(this.#socket, answer);
    const early = this.#input;
    this.#input = noBytes;
    this.#tunnel = new Tunnel(this.#socket, upgraded);
    if (early.length > 0) this.#tunnel.take(early);
    if (this.#halfClosed) this.#tunnel.end();
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  #next(): void {
    this.#request = undefined;
    // each request in a turn of its own, so that answers at once do not pile up on the stack
    if (this.#input.length > 0) queueMicrotask(() => this.#goOn());
  }

  #goOn(): void {
    const input = this.#input;
    this.#input = noBytes;
    if (this.#socket.isPaused()) this.#socket.resume();
    this.#consume(input, true);
  }

  /** Answers what is no request, or an unfinished one, and ends the connection. */
  #refuse(answer: Answer): void {
    this.#front.note(refusalText(this.addresses.client, answer), "request");
    const begun = this.#request?.answered === true;
    this.#reading = "nothing";
    this.#reader = undefined;
    this.#request = undefined;
    this.#dropBody("the request is malformed");
    if (begun) this.#socket.destroy();
    else
      writeAnswer(this.#socket, undefined, answer, { close: true, chunks: true }, () =>
        this.#end(),
      );
  }

  /** Ends the sending side; what still comes is thrown away for a while, then cut. */
  #end(): void {
    this.#ending = true;
    this.#since = Date.now();
    this.#input = noBytes;
    this.#dropBody("the request was answered before it came whole");
    this.#socket.end();
    this.#socket.resume();
  }

  #onEnd(): void {
    this.#halfClosed = true;
    if (this.#tunnel !== undefined) {
      this.#tunnel.end();
      return;
    }
    if (this.#ending) return;
    if (this.#reading === "body") {
      this.#socket.destroy();
    } else if (this.#request === undefined) {
      if (this.#heads.begun) this.#refuse(refuse("malformed", "the request ends in its header"));
      else this.#end();
    }
  }

  #onClose(): void {
    this.#tunnel?.destroy();
    this.#ending = true;
    const request = this.#request;
    this.#request = undefined;
    request?.onGone?.();
    this.#dropBody("the connection ended before the message did");
  }

  #dropBody(why: string): void {
    const body = this.#body;
    this.#body = undefined;
    body?.destroy(new Error(why));
  }
}
