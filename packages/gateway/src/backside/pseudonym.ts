import cluster from "node:cluster";
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
  const group = cluster.isWorker ? process.ppid : process.pid;
  return createHash("sha256")
    .update(`${hostname()}\n${group}\n${domain}\n${name}`)
    .digest("base64url")
    .slice(0, 10);
}
