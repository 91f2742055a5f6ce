import fc from "fast-check";
import { expect, test } from "vitest";
import { ChunkDecoder } from "../src/http/chunk-decoder.ts";
import { BadRequest, HeadParser } from "../src/http/request-head.ts";

const parse = (text: string) => new HeadParser().parse(text);

test.each([
  ["no method", " / HTTP/1.1\r\n"],
  ["two blanks", "GET  / HTTP/1.1\r\n"],
  ["a tab", "GET\t/ HTTP/1.1\r\n"],
  ["a blank in the target", "GET /a b HTTP/1.1\r\n"],
  ["bytes beyond ASCII in the target", "GET /\u00e9 HTTP/1.1\r\n"],
  ["no version", "GET /\r\n"],
  ["a blank after the version", "GET / HTTP/1.1 \r\n"],
  ["a version of one number", "GET / HTTP/1\r\n"],
  ["another protocol", "GET / HTTPS/1.1\r\n"],
  ["a version that is not served", "GET / HTTP/2.0\r\n"],
  ["a target that is none", "GET a HTTP/1.1\r\n"],
  ["* for GET", "GET * HTTP/1.1\r\n"],
  ["a blank before the colon", "GET / HTTP/1.1\r\nContent-Length : 3\r\n"],
  ["a line that goes on", "GET / HTTP/1.1\r\nA: b\r\n c\r\n"],
  ["a blank before the first name", "GET / HTTP/1.1\r\n A: b\r\n"],
  ["no colon", "GET / HTTP/1.1\r\nA\r\n"],
  ["no name", "GET / HTTP/1.1\r\n: b\r\n"],
  ["LF alone", "GET / HTTP/1.1\r\nA: b\nC: d\r\n"],
  ["CR alone", "GET / HTTP/1.1\r\nA: b\rC: d\r\n"],
  ["a NUL", "GET / HTTP/1.1\r\nA: b\0\r\n"],
  ["two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n"],
  ["the same length twice", "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n"],
  ["a list of lengths", "POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n"],
  ["a length with a sign", "POST / HTTP/1.1\r\nContent-Length: +1\r\n"],
  ["a length of other digits", "POST / HTTP/1.1\r\nContent-Length: 0x1\r\n"],
  ["a length beyond all measure", "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n"],
  ["no length", "POST / HTTP/1.1\r\nContent-Length:\r\n"],
  ["length and chunks", "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n"],
  [
    "chunks twice",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
  ],
  ["another coding", "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n"],
  ["chunked and more", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n"],
  ["identity", "POST / HTTP/1.1\r\nTransfer-Encoding: identity\r\n"],
  ["a vertical tab", "POST / HTTP/1.1\r\nTransfer-Encoding: \u000bchunked\r\n"],
  ["chunks in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n"],
])("%s is no request", (_, text) => {
  expect(() => parse(text)).toThrow(BadRequest);
});

test("a head is taken apart; the block of the last one is remembered, not its faults", () => {
  const parser = new HeadParser();
  const text = "POST /a?b HTTP/1.1\r\nHost: x\r\nA:\t one \t\r\na: two\r\nContent-Length: 5\r\n";
  const { method, target, version, framing } = parser.parse(text);
  expect([method, target, version, framing.body]).toEqual(["POST", "/a?b", "1.1", 5]);
  expect(framing.headers.values("A")).toEqual(["one", "two"]);
  expect(parser.parse(text.replace("/a?b", "/c")).framing).toBe(framing);
  expect(() => parser.parse(text.replace("Host: x", "Host : x"))).toThrow(BadRequest);
  expect(parser.parse(text.replace("5", "6")).framing.body).toBe(6);
});

test("whatever comes, a head is parsed or refused", () => {
  const piece = fc.constantFrom(
    ..."GET,POST, ,/,HTTP/1.1,HTTP/1.0,\r\n,\r,\n,:,Content-Length,Transfer-Encoding,chunked,5,\t,\0,é,Host,a,Expect: 100-continue".split(
      ",",
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const text = pieces.join("");
      try {
        const { framing } = parse(text.endsWith("\r\n") ? text : `${text}\r\n`);
        expect(framing.body === "chunked" || framing.body >= 0).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(BadRequest);
      }
    }),
    { numRuns: 2000 },
  );
});

function decode(parts: readonly Buffer[]): { body: string; rest: string; done: boolean } {
  const decoder = new ChunkDecoder();
  const body: Buffer[] = [];
  let rest = "";
  for (const part of parts) {
    const used = decoder.feed(part, (bytes) => body.push(Buffer.from(bytes)));
    rest += part.subarray(used).toString("latin1");
  }
  return { body: Buffer.concat(body).toString("latin1"), rest, done: decoder.done };
}

test("a chunked body comes out whole however it is cut, and not a byte of the next request", () => {
  const next = "GET / HTTP/1.1\r\n\r\n";
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 5 }),
      fc.array(fc.nat(400), { maxLength: 8 }),
      (chunks, cuts) => {
        const wire = Buffer.concat([
          ...chunks.flatMap((chunk) => [
            Buffer.from(`${chunk.length.toString(16)};x="y"\r\n`),
            Buffer.from(chunk),
            Buffer.from("\r\n"),
          ]),
          Buffer.from(`0\r\nTrailer: t\r\n\r\n${next}`),
        ]);
        const places = [0, ...cuts.map((cut) => Math.min(cut, wire.length)), wire.length];
        places.sort((a, b) => a - b);
        const parts = places.slice(1).map((to, index) => wire.subarray(places[index], to));
        expect(decode(parts)).toEqual({
          body: Buffer.concat(chunks).toString("latin1"),
          rest: next,
          done: true,
        });
      },
    ),
  );
});

test.each([
  ["no size", "\r\n"],
  ["a sign", "+1\r\na\r\n"],
  ["a prefix", "0x1\r\na\r\n"],
  ["a blank before", " 1\r\na\r\n"],
  ["a blank after", "1 \r\na\r\n"],
  ["LF alone after the size", "1\na\r\n"],
  ["LF alone after the data", "1\r\na\n"],
  ["data longer than its size", "1\r\nab\r\n"],
  ["a size beyond all measure", "ffffffffffffff\r\n"],
  ["a control character in an extension", "1;a\u0001\r\na\r\n"],
  ["an endless extension", `1;${"a".repeat(2000)}`],
  ["a trailer that is none", "0\r\nA b\r\n\r\n"],
  ["a trailer that goes on", "0\r\nA: b\r\n c\r\n\r\n"],
  ["endless trailers", `0\r\n${"A: b\r\n".repeat(5000)}`],
])("%s is no chunked body", (_, text) => {
  expect(() => decode([Buffer.from(text, "latin1")])).toThrow(BadRequest);
});
