import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { Answer } from "../answer/answer.ts";
import type { RequestHead } from "../http/request-head.ts";
import { writeTogether } from "../http/write-together.ts";

/** Bodies up to this many bytes go out with their head in one text. */
const smallBody = 4096;

/**
 * Has the answers of one connection sent together with those of others; one that has to be listened
 * to, at once.
 */
export function together<Request>(
  send: (request: Request, answer: Answer) => void,
): (request: Request, answer: Answer) => void {
  // one answer waits at a time: what sends it is made once for the connection
  let asked: Request | undefined;
  let waiting: Answer | undefined;
  const write = (): void => {
    const request = asked as Request;
    const answer = waiting as Answer;
    asked = undefined;
    waiting = undefined;
    send(request, answer);
  };
  return (request, answer) => {
    const whole = answer.text !== undefined || answer.body instanceof Uint8Array;
    if (!whole || answer.upgraded !== undefined) {
      send(request, answer);
    } else if (waiting === undefined) {
      asked = request;
      waiting = answer;
      writeTogether(write);
    } else {
      writeTogether(() => send(request, answer));
    }
  };
}

/**
 * Writes an answer; `done` hears, once, whether all of it was handed to the socket. `head` is
 * undefined for what was no request: then the body has a length. Without `chunks` and a length the
 * body ends with the connection.
 */
export function writeAnswer(
  socket: Socket,
  head: RequestHead | undefined,
  answer: Answer,
  { close, chunks }: { readonly close: boolean; readonly chunks: boolean },
  done: (whole: boolean) => void,
): void {
  const { status, text: whole } = answer;
  const bodiless = status === 204 || status === 304;
  const chunked = chunks && !bodiless && head?.version === "1.1";
  const silent = bodiless || head?.method === "HEAD";
  let text = headText(answer, close);
  if (chunked) text += "Transfer-Encoding: chunked\r\n\r\n";
  else text += bodiless ? "\r\n" : lengthLine(answer);
  if (whole !== undefined) {
    socket.write(silent ? text : text + framed(whole, chunked), "latin1");
    done(true);
    return;
  }
  const { body } = answer;
  if (silent) {
    if (!(body instanceof Uint8Array)) body.destroy();
    socket.write(text, "latin1");
    done(true);
  } else if (body instanceof Uint8Array) {
    writeWhole(socket, text, body, chunked);
    done(true);
  } else {
    socket.write(text, "latin1");
    writeStream(socket, body, chunked, done);
  }
}

let lastHead = { status: 0, reason: "", lines: "", close: false, text: "" };

/** The head without what says how the body is framed: that of the last answer, where it is the same. */
function headText(answer: Answer, close: boolean): string {
  const { status, reason, lines: own } = answer;
  // lines that are made for one answer alone are not worth the comparison
  if (own !== undefined) return headOf(status, reason, own, close);
  const known = lastHead;
  const lines = answer.headers.lines();
  const same = known.lines === lines && known.status === status && known.reason === reason;
  if (same && known.close === close) return known.text;
  const text = headOf(status, reason, lines, close);
  lastHead = { status, reason, lines, close, text };
  return text;
}

function headOf(status: number, reason: string, lines: string, close: boolean): string {
  const connection = close ? "Connection: close\r\n" : "Connection: Keep-Alive\r\n";
  return statusLine(status, reason) + lines + connection;
}

let lastStatus = { status: 0, reason: "", text: "" };

/** The status line: that of the last answer, where it is the same. */
function statusLine(status: number, reason: string): string {
  if (lastStatus.status !== status || lastStatus.reason !== reason) {
    const text = ["HTTP/1.1 ", status, " ", phrase(reason), "\r\n"].join("");
    lastStatus = { status, reason, text };
  }
  return lastStatus.text;
}

let lastLength = { length: -1, text: "" };

/** The end of a head whose body has a length, if it has one: that of the last answer, likewise. */
function lengthLine(answer: Answer): string {
  const whole = answer.text ?? answer.body;
  if (typeof whole !== "string" && !(whole instanceof Uint8Array)) return "\r\n";
  const { length } = whole;
  if (lastLength.length !== length) {
    lastLength = { length, text: ["Content-Length: ", length, "\r\n\r\n"].join("") };
  }
  return lastLength.text;
}

function framed(text: string, chunked: boolean): string {
  if (!chunked) return text;
  return text === "" ? "0\r\n\r\n" : `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
}

function writeWhole(socket: Socket, head: string, body: Uint8Array, chunked: boolean): void {
  const before = chunked && body.length > 0 ? `${body.length.toString(16)}\r\n` : "";
  const after = chunked ? (body.length > 0 ? "\r\n0\r\n\r\n" : "0\r\n\r\n") : "";
  if (body.length <= smallBody) {
    const bytes = Buffer.isBuffer(body)
      ? body
      : Buffer.from(body.buffer, body.byteOffset, body.length);
    socket.write(head + framed(bytes.toString("latin1"), chunked), "latin1");
    return;
  }
  socket.cork();
  socket.write(head + before, "latin1");
  socket.write(body);
  if (after !== "") socket.write(after, "latin1");
  socket.uncork();
}

/** Passes a stream on, as fast as the client takes it; the stream goes when the client does. */
function writeStream(
  socket: Socket,
  body: Readable,
  chunked: boolean,
  done: (whole: boolean) => void,
): void {
  let over = false;
  const finish = (whole: boolean): void => {
    if (over) return;
    over = true;
    socket.off("drain", resume);
    socket.off("close", leave);
    done(whole);
  };
  const resume = (): void => void body.resume();
  const leave = (): void => {
    body.destroy();
    finish(false);
  };
  socket.on("drain", resume);
  socket.on("close", leave);
  body.on("data", (part: Buffer) => {
    if (over || part.length === 0) return;
    let open: boolean;
    if (chunked) {
      socket.cork();
      socket.write(`${part.length.toString(16)}\r\n`, "latin1");
      socket.write(part);
      open = socket.write("\r\n", "latin1");
      socket.uncork();
    } else {
      open = socket.write(part);
    }
    if (!open) body.pause();
  });
  body.on("end", () => {
    if (over) return;
    if (chunked) socket.write("0\r\n\r\n", "latin1");
    finish(true);
  });
  body.on("error", () => finish(false));
  body.on("close", () => finish(false));
  if (socket.destroyed) leave();
  // it broke before anyone listened
  else if (body.closed) finish(false);
}

/** Writes the head of an answer after which the connection speaks another protocol. */
export function writeUpgrade(socket: Socket, { status, reason, headers }: Answer): void {
  const lines = `${headers.lines()}Connection: Upgrade\r\nUpgrade: websocket\r\n`;
  socket.write(`${statusLine(status, reason)}${lines}\r\n`, "latin1");
}

/** The client asked for the end, or cannot tell where the body ends. */
export function endsConnection(
  { version, framing }: RequestHead,
  answer: Answer,
  chunks: boolean,
): boolean {
  const endless = answer.text === undefined && !(answer.body instanceof Uint8Array);
  if (version !== "1.0") return framing.closes || (endless && !chunks);
  return framing.closes || !framing.keepsAlive || endless;
}

/** RFC 9112, 4: a reason has no control characters. */
function phrase(reason: string): string {
  return /[^\t\x20-\x7e]/.test(reason) ? reason.replaceAll(/[^\t\x20-\x7e]/g, "?") : reason;
}
