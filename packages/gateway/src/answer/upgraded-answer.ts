import type { UpgradedConnection } from "../backside/upgraded-connection.ts";
import { Headers } from "../http/headers.ts";
import { type Answer, isConnectionHeader } from "./answer.ts";

/**
 * The answer to a client whose backend has taken the other protocol: the backend's own, with its
 * connection. It goes out as it is: response rules have no message to look at.
 */
export function upgradedAnswer(backend: UpgradedConnection): Answer {
  const headers = new Headers();
  for (const [name, values] of backend.headers) {
    if (!isConnectionHeader(name)) headers.set(name, values);
  }
  const { socket, first } = backend;
  return {
    status: 101,
    reason: "Switching Protocols",
    headers,
    body: new Uint8Array(0),
    close: false,
    upgraded: { socket, first },
  };
}
