import type { ClientRequest } from "node:http";
import { releaseWhole } from "../blob/release.ts";

/** Sends a request's body and ends it; of a stream, the memory of a piece that was sent is given back. @throws what the stream throws */
export async function sendBody(
  sent: ClientRequest,
  body: Uint8Array | AsyncIterable<Uint8Array> | undefined,
): Promise<void> {
  if (body === undefined || body instanceof Uint8Array) {
    sent.end(body);
    return;
  }
  const closed = new Promise<void>((resolve) => sent.once("close", resolve));
  for await (const chunk of body) {
    if (sent.destroyed || sent.writableEnded) return;
    const isTaken = sent.write(chunk, (error) => {
      if (error == null) releaseWhole(chunk);
    });
    if (isTaken) continue;
    await Promise.race([new Promise<void>((resolve) => sent.once("drain", resolve)), closed]);
  }
  sent.end();
}
