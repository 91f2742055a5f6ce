import { createHash } from "node:crypto";
import { hostname } from "node:os";

/**
 * A name of this service in Via, the same in all workers of one gateway, so that a message that
 * comes back is known again.
 */
export function pseudonym({
  domain,
  name,
}: {
  readonly domain: string;
  readonly name: string;
}): string {
  // what node:cluster knows too, which takes its time to load
  const isWorker = process.env.GATEWAY_WORKER !== undefined;
  const group = isWorker ? process.ppid : process.pid;
  return createHash("sha256")
    .update(`${hostname()}\n${group}\n${domain}\n${name}`)
    .digest("base64url")
    .slice(0, 10);
}
