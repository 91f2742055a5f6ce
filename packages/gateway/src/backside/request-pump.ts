import type { Socket } from "node:net";
import type { Readable } from "node:stream";

/** A request as it goes to a backend. */
export interface OutgoingRequest {
  readonly method: string;
  /** Request line and header lines, each with its CRLF; without framing and the empty line. */
  readonly head: string;
  readonly body: Uint8Array | Readable;
  /** How the body is framed: a number is the length of a stream that was announced. */
  readonly framing: "none" | "chunked" | number;
  /** True to send a stream only once the backend asks for it, or stays silent for a second. */
  readonly awaitsContinue: boolean;
  /** How long the backend may be silent, in milliseconds. */
  readonly timeout: number;
}

/** Bodies up to this many bytes go out with their head in one text. */
const smallBody = 4096;
/** How long a backend may take to ask for an announced body before it is sent anyway. */
const continueMilliseconds = 1_000;

/** Writes a request whose body is at hand. */
export function sendWhole(socket: Socket, request: OutgoingRequest, body: Uint8Array): void {
  writeWhole(socket, request.head, body, request.framing);
}

/** Writes a request whose body is a stream, as fast as the backend takes it. */
export class RequestPump {
  readonly #socket: Socket;
  readonly #request: OutgoingRequest;
  readonly #body: Readable;
  readonly #failed: (error: Error) => void;
  #timer: NodeJS.Timeout | undefined;
  #began = false;
  #sent = 0;
  /** True when all of the request was handed to the socket. */
  done = false;

  /** `failed` hears that a stream did not come whole. */
  constructor(
    socket: Socket,
    request: OutgoingRequest,
    body: Readable,
    failed: (error: Error) => void,
  ) {
    this.#socket = socket;
    this.#request = request;
    this.#body = body;
    this.#failed = failed;
  }

  /** True while bytes of the client are waited for. */
  get waitsForClient(): boolean {
    return !this.done && this.#began && this.#socket.writableLength === 0;
  }

  start(): void {
    const { head, framing, awaitsContinue } = this.#request;
    this.#socket.write(head + framingLines(framing), "latin1");
    if (!awaitsContinue) this.proceed();
    else this.#timer = setTimeout(() => this.proceed(), continueMilliseconds);
  }

  /** The backend wants the body. */
  proceed(): void {
    clearTimeout(this.#timer);
    const body = this.#body;
    if (this.#began) return;
    this.#began = true;
    body.on("data", this.#onPart);
    body.on("end", this.#onEnd);
    body.on("error", this.#failed);
    body.on("close", this.#onClose);
    this.#socket.on("drain", this.#onDrain);
    if (body.destroyed) this.#onClose();
  }

  /** Leaves the rest of the body unsent. */
  stop(): void {
    clearTimeout(this.#timer);
    const body = this.#body;
    body.off("data", this.#onPart);
    body.off("end", this.#onEnd);
    body.off("error", this.#failed);
    body.off("close", this.#onClose);
    this.#socket.off("drain", this.#onDrain);
    if (!this.done) body.destroy();
  }

  readonly #onPart = (part: Buffer): void => {
    if (part.length === 0) return;
    const { framing } = this.#request;
    this.#sent += part.length;
    let open: boolean;
    if (framing === "chunked") {
      this.#socket.cork();
      this.#socket.write(`${part.length.toString(16)}\r\n`, "latin1");
      this.#socket.write(part);
      open = this.#socket.write("\r\n", "latin1");
      this.#socket.uncork();
    } else {
      if (typeof framing === "number" && this.#sent > framing) {
        this.#failed(new Error("the request is longer than it was announced"));
        return;
      }
      open = this.#socket.write(part);
    }
    if (!open) this.#body.pause();
  };

  readonly #onEnd = (): void => {
    const { framing } = this.#request;
    if (framing === "chunked") this.#socket.write("0\r\n\r\n", "latin1");
    if (typeof framing === "number" && this.#sent < framing) {
      this.#failed(new Error("the request is shorter than it was announced"));
      return;
    }
    this.done = true;
    this.stop();
  };

  readonly #onClose = (): void => {
    if (!this.done) this.#failed(new Error("the request did not come whole"));
  };

  readonly #onDrain = (): void => void this.#body.resume();
}

function framingLines(framing: OutgoingRequest["framing"]): string {
  if (framing === "none") return "\r\n";
  return framing === "chunked"
    ? "Transfer-Encoding: chunked\r\n\r\n"
    : `Content-Length: ${framing}\r\n\r\n`;
}

function writeWhole(
  socket: Socket,
  head: string,
  body: Uint8Array,
  framing: OutgoingRequest["framing"],
): void {
  const chunked = framing === "chunked";
  const size = chunked && body.length > 0 ? `${body.length.toString(16)}\r\n` : "";
  const end = chunked ? (body.length > 0 ? "\r\n0\r\n\r\n" : "0\r\n\r\n") : "";
  const before = head + framingLines(framing) + size;
  if (body.length === 0) {
    socket.write(before + end, "latin1");
  } else if (body.length <= smallBody) {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
    socket.write(before + bytes.toString("latin1") + end, "latin1");
  } else {
    socket.cork();
    socket.write(before, "latin1");
    socket.write(body);
    if (end !== "") socket.write(end, "latin1");
    socket.uncork();
  }
}
