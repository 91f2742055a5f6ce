import { BadResponse } from "../packages/gateway/src/backside/response-head.ts";
import { ResponseHeads } from "../packages/gateway/src/backside/response-heads.ts";
import { ResponseReader } from "../packages/gateway/src/backside/response-reader.ts";
import { BadRequest } from "../packages/gateway/src/http/request-head.ts";
import type { Target } from "./target.ts";

/** What of one answer was read: its status, the bytes of its body, whether it came whole. */
interface Read {
  readonly outcome: "whole" | "refused";
  readonly status: number;
  readonly body: string;
  readonly used: number;
}

/** Readers of what peers of the gateway send. */
export const gatewayTargets: readonly Target[] = [
  {
    name: "response",
    corpus: async () =>
      [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: b\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nT: u\r\n\r\n",
        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nto the end",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n",
        "HTTP/1.1 302\r\nLocation: /x\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
      ].map((text) => Buffer.from(text, "latin1")),
    parse(bytes) {
      const whole = read(bytes, bytes.length);
      // an answer is the same whatever the pieces in which it comes
      for (const size of [1, 2, 7]) {
        const pieces = read(bytes, size);
        if (JSON.stringify(pieces) !== JSON.stringify(whole)) {
          throw new Error(
            `in pieces of ${size}: ${JSON.stringify(pieces)}, not ${JSON.stringify(whole)}`,
          );
        }
      }
    },
  },
];

function read(bytes: Buffer, size: number): Read {
  let [status, body, used] = [0, "", 0];
  const add = (part: Buffer): void => {
    body += part.toString("latin1");
  };
  const reader = new ResponseReader(new ResponseHeads(), {
    proceed() {},
    head(head, parts) {
      status = head.status;
      for (const part of parts) add(part);
    },
    whole(head, text) {
      status = head.status;
      body += text;
    },
    part: add,
    end() {},
  });
  reader.begin("GET");
  try {
    for (let at = 0; at < bytes.length && !reader.done; at += size) {
      used += reader.feed(bytes.subarray(at, at + size));
    }
    if (!reader.done) reader.finish();
    return { outcome: "whole", status, body, used };
  } catch (error) {
    if (!(error instanceof BadResponse || error instanceof BadRequest)) throw error;
    // how much of a refused answer was handed over before depends on its pieces
    return { outcome: "refused", status: 0, body: "", used: 0 };
  }
}
