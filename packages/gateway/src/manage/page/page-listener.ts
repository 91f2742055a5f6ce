import type { RequestListener } from "node:http";
import type { Authenticator } from "../authenticate.ts";
import type { ManagedInstance } from "../instance.ts";
import { renderPage } from "./render-page.ts";

/** Nothing but what is in the page itself may be used by it. */
const policy =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The listener of the status page: one page at `/`, to look at only. */
export function pageListener(
  instance: ManagedInstance,
  authenticator: Authenticator,
): RequestListener {
  return (request, response) => {
    const send = (status: number, text: string, headers: Record<string, string> = {}): void => {
      response.writeHead(status, {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": Buffer.byteLength(text),
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        ...headers,
      });
      response.end(request.method === "HEAD" ? undefined : text);
    };
    const answer = async (): Promise<void> => {
      const account = await authenticator.account(request.headers.authorization);
      if ("refused" in account) {
        const text = `Status page: ${request.socket.remoteAddress} is not let in: ${account.refused}`;
        instance.log({ code: "81000033", category: "auth", priority: "warn", text });
        send(401, "Authentication failure.\n", { "WWW-Authenticate": 'Basic realm="login"' });
      } else if (request.method !== "GET" && request.method !== "HEAD") {
        send(405, "The page is to look at only.\n", { Allow: "GET, HEAD" });
      } else if (!/^\/(?:\?|$)/.test(request.url ?? "")) {
        send(404, "There is one page, at /.\n");
      } else {
        send(200, renderPage(instance, await instance.counts(), account, new Date()));
      }
    };
    answer().catch((error: unknown) => {
      const text = `Status page: ${(error as Error).stack ?? String(error)}`;
      instance.log({ code: "8100003c", category: "mgmt", priority: "error", text });
      if (!response.headersSent) send(500, "Internal error.\n");
    });
  };
}
