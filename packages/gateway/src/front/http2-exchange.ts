import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { pipeline, Readable } from "node:stream";
import { type Answer, isConnectionHeader } from "../answer/answer.ts";
import { MessageBody } from "../http/message-body.ts";
import { BadRequest, type RequestHead } from "../http/request-head.ts";
import type { Front } from "./front.ts";
import { refusalOf, refusalText, refuse } from "./front-refusals.ts";
import { type Addresses, FrontRequest } from "./front-request.ts";
import { headOfHttp2 } from "./http2-head.ts";

/** A body is handed on in parts of this many bytes, so that a client's progress can be seen. */
const partBytes = 65_536;

/** One request of an HTTP/2 connection and its answer. */
export class Http2Exchange {
  readonly #stream: ServerHttp2Stream;
  readonly #front: Front;
  readonly #addresses: Addresses;
  #body: MessageBody | undefined;
  #answered = false;
  #since = Date.now();

  constructor(stream: ServerHttp2Stream, front: Front, addresses: Addresses) {
    this.#stream = stream;
    this.#front = front;
    this.#addresses = addresses;
    stream.on("error", () => {});
  }

  begin(raw: readonly string[], ends: boolean): void {
    const { plan, handler } = this.#front;
    let head: RequestHead;
    try {
      head = headOfHttp2(raw, ends);
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      const refusal = refuse(error.kind, error.message);
      this.#front.note(refusalText(this.#addresses.client, refusal), "request");
      this.#send("GET", refusal);
      return;
    }
    const refusal = refusalOf(plan, head);
    if (refusal !== undefined) {
      this.#front.note(refusalText(this.#addresses.client, refusal, head), "request");
      this.#send(head.method, refusal);
      return;
    }
    if (!ends) this.#read(head);
    const scheme = plan.tls === undefined ? "http" : "https";
    const request = new FrontRequest(head, this.#addresses, scheme);
    this.#stream.once("close", () => request.onGone?.());
    handler(request, this.#body, (answer) => this.#send(head.method, answer));
  }

  /** Ends what has been silent for too long; an answer that is still being made is not silence. */
  check(now: number, most: number): void {
    const waits = this.#body !== undefined || this.#answered;
    if (waits && now - this.#since > most) this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  #read({ framing }: RequestHead): void {
    const stream = this.#stream;
    const body = new MessageBody(() => {
      if (framing.expectsContinue && !body.began && !stream.headersSent && !stream.destroyed) {
        stream.additionalHeaders({ ":status": 100 });
      }
      body.began = true;
      stream.resume();
    });
    this.#body = body;
    stream.pause();
    stream.on("data", (part: Buffer) => {
      this.#since = Date.now();
      body.began = true;
      if (!body.destroyed && !body.push(part)) stream.pause();
    });
    // a stream that is cut also ends: only the close tells which it was
    stream.on("end", () => {
      if (stream.aborted || stream.rstCode !== 0) return;
      body.push(null);
      this.#body = undefined;
    });
    stream.on("aborted", () => this.#cut());
    stream.on("close", () => this.#cut());
  }

  #cut(): void {
    const body = this.#body;
    this.#body = undefined;
    body?.destroy(new Error("the connection ended before the message did"));
  }

  #send(method: string, answer: Answer): void {
    const stream = this.#stream;
    const { body, status } = answer;
    if (stream.destroyed || stream.closed) {
      if (!(body instanceof Uint8Array)) body.destroy();
      return;
    }
    this.#answered = true;
    this.#since = Date.now();
    const silent = method === "HEAD" || status === 204 || status === 304;
    stream.on("drain", () => {
      this.#since = Date.now();
    });
    // what is left of a request that is already answered is not wanted (RFC 9113, 8.1)
    stream.on("finish", () => {
      if (this.#body !== undefined) stream.close(constants.NGHTTP2_NO_ERROR);
    });
    // no Date: the gateway's answers have none over HTTP/1.1 either
    const options = { endStream: silent, sendDate: false };
    stream.respond(fieldsOf(answer), options);
    if (silent) {
      if (!(body instanceof Uint8Array)) body.destroy();
      if (this.#body !== undefined) stream.close(constants.NGHTTP2_NO_ERROR);
    } else if (body instanceof Uint8Array && body.length <= partBytes) {
      stream.end(body);
    } else {
      const parts = body instanceof Uint8Array ? Readable.from(partsOf(body)) : body;
      // the callback is for the error, which the stream's reset tells the client
      pipeline(parts, stream, () => {});
    }
  }
}

function fieldsOf(answer: Answer): OutgoingHttpHeaders {
  const fields: OutgoingHttpHeaders = { ":status": answer.status };
  for (const [name, values] of answer.headers) {
    if (!isConnectionHeader(name)) fields[name.toLowerCase()] = [...values];
  }
  return fields;
}

function* partsOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += partBytes) yield bytes.subarray(at, at + partBytes);
}
