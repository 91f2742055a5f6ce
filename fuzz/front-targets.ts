import { askedHost } from "../packages/gateway/src/front/client-hello.ts";
import { HeadCollector } from "../packages/gateway/src/front/head-collector.ts";
import { BodyReader } from "../packages/gateway/src/http/body-reader.ts";
import { BadRequest } from "../packages/gateway/src/http/request-head.ts";
import { type Random, randomFrom } from "./random.ts";
import type { Target } from "./target.ts";

/** Longest head in these runs, so that the limit is met as well. */
const longestHead = 400;

/** Readers of what clients of the gateway send. */
export const frontTargets: readonly Target[] = [
  {
    name: "requests",
    corpus: async () =>
      [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\nPOST /b?c HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /d HTTP/1.0\r\n\r\n",
        "\r\nPOST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: u\r\n\r\nHEAD / HTTP/1.1\r\nConnection: close\r\nHost: a\r\n\r\n",
        "PUT http://a.test/x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 0\r\nUpgrade: websocket\r\nConnection: upgrade, keep-alive\r\n\r\n\r\nGET /y HTTP/1.1\r\n\r\n",
        `GET /${"x".repeat(longestHead - 20)} HTTP/1.1\r\n\r\n`,
      ].map((text) => Buffer.from(text, "latin1")),
    parse(bytes) {
      const whole = readRequests([bytes]);
      const random = randomFrom(bytes.length + bytes.reduce((sum, byte) => sum + byte, 0));
      const splits = [splitEvery(bytes, () => 1), splitEvery(bytes, () => 2)];
      for (let run = 0; run < 4; run++) {
        splits.push(splitEvery(bytes, (left) => 1 + random(Math.min(left, 40))));
      }
      // what is read is the same whatever the pieces in which it comes
      for (const pieces of splits) {
        const read = readRequests(pieces);
        if (read !== whole) {
          throw new Error(
            `in pieces of ${pieces.map((piece) => piece.length)}: ${read}, not ${whole}`,
          );
        }
      }
    },
  },
  {
    name: "client-hello",
    corpus: async () => [
      clientHello("a.test"),
      clientHello(undefined),
      clientHello("x".repeat(300)),
    ],
    parse(bytes) {
      const whole = askedHost(bytes);
      // once decided, further bytes change nothing; before that, nothing is told
      const random: Random = randomFrom(bytes.length);
      for (let end = 1; end < bytes.length; end += 1 + random(20)) {
        const part = askedHost(bytes.subarray(0, end));
        if (part.state === "more") continue;
        if (JSON.stringify(part) !== JSON.stringify(whole)) {
          throw new Error(`${end} bytes: ${JSON.stringify(part)}, not ${JSON.stringify(whole)}`);
        }
      }
    },
  },
];

function splitEvery(bytes: Buffer, size: (left: number) => number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + size(bytes.length - at);
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

/** Every request as it is read, and whether the connection would end with a refusal. */
function readRequests(pieces: readonly Buffer[]): string {
  const reader = new RequestsReader();
  try {
    for (const piece of pieces) {
      for (let rest = piece; rest.length > 0; ) rest = reader.take(rest);
    }
  } catch (error) {
    if (error instanceof BadRequest) return `${reader.read}refused`;
    throw error;
  }
  return reader.read;
}

class RequestsReader {
  readonly #heads = new HeadCollector();
  #body: BodyReader | undefined;
  read = "";

  /** Takes a head or a body, or as much of it as there is; gives the bytes after it. */
  take(bytes: Buffer): Buffer {
    if (this.#body !== undefined) {
      const used = this.#body.feed(bytes, (part) => (this.read += part.toString("latin1")));
      if (this.#body.done) {
        this.read += "|";
        this.#body = undefined;
      }
      return bytes.subarray(used);
    }
    const { head, rest } = this.#heads.take(bytes, longestHead);
    if (head !== undefined) {
      const { method, target, version, framing } = head;
      this.read += `${method} ${target} ${version} ${framing.headers.lines()}${framing.body}|`;
      if (framing.body !== 0) this.#body = new BodyReader(framing.body);
    }
    return rest;
  }
}

/** A ClientHello (RFC 8446, 4.1.2) in records of at most 200 bytes. */
function clientHello(host: string | undefined): Buffer {
  const word = (number: number): Buffer => Buffer.from([number >> 8, number & 255]);
  const name = Buffer.from(host ?? "");
  const entry = Buffer.concat([Buffer.from([0]), word(name.length), name]);
  const names = Buffer.concat([word(0), word(entry.length + 2), word(entry.length), entry]);
  const groups = Buffer.concat([word(10), word(4), word(2), word(29)]);
  const extensions = Buffer.concat(host === undefined ? [groups] : [groups, names]);
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    Buffer.from([0]),
    word(2),
    word(0x1301),
    Buffer.from([1, 0]),
    word(extensions.length),
    extensions,
  ]);
  const message = Buffer.concat([Buffer.from([1, 0]), word(body.length), body]);
  return Buffer.concat(
    splitEvery(message, () => 200).flatMap((part) => [
      Buffer.from([22, 3, 1]),
      word(part.length),
      part,
    ]),
  );
}
