import type { Readable } from "node:stream";

/** The body was larger than allowed. */
export class TooLarge extends Error {}

/** All bytes of a stream, or TooLarge as a value when there are more than `limit`. */
export function collectBody(stream: Readable, limit: number): Promise<Uint8Array | TooLarge> {
  return new Promise((resolve, reject) => {
    if (stream.destroyed) {
      reject(stream.errored ?? new Error("the connection ended before the message did"));
      return;
    }
    const parts: Buffer[] = [];
    let size = 0;
    stream.on("data", (part: Buffer) => {
      size += part.length;
      if (size <= limit) {
        parts.push(part);
        return;
      }
      // the stream is left as it is: an answer may still have to go out on its connection
      parts.length = 0;
      resolve(new TooLarge(`the message is larger than ${limit} bytes`));
    });
    stream.on("end", () => resolve(parts.length === 1 ? parts[0]! : Buffer.concat(parts)));
    stream.on("error", reject);
    stream.on("close", () => reject(new Error("the connection ended before the message did")));
  });
}
