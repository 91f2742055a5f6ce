import { readFile } from "node:fs";
import type { UrlClient } from "../backside/url-client.ts";
import { fileOfUrl } from "../config/locations.ts";
import type { OpenedUrl, UrlRequest } from "../script/script-host.ts";

/** Where URLs of the request lead: files by root and domain, all else by the service's client. */
export interface UrlBase {
  readonly root: string;
  readonly domain: string;
  readonly urls: Pick<UrlClient, "open">;
}

type Done = (error: string | undefined, response?: OpenedUrl) => void;

/**
 * Sends a request of a script or an action: http and https through the service's client, `local:`,
 * `config:`, `temporary:` and `store:` from files (200, 403 and 404 as answers). An answer larger than 64 MiB
 * is an error.
 */
export function openUrl(request: UrlRequest, base: UrlBase, done: Done): void {
  if (/^(?:local|config|temporary|store):/.test(request.target)) {
    openFile(request.target, base, done);
    return;
  }
  base.urls.open(request).then(
    (response) => done(undefined, response),
    (error: Error) => done(`${request.target} cannot be opened: ${error.message}`),
  );
}

function openFile(target: string, base: UrlBase, done: Done): void {
  const file = fileOfUrl(base.root, base.domain, target);
  const answer = (statusCode: number, reasonPhrase: string, body: Uint8Array): void =>
    done(undefined, { statusCode, reasonPhrase, headers: [], body });
  if (file === undefined) {
    answer(403, "Forbidden", Buffer.alloc(0));
    return;
  }
  readFile(file, (error, bytes) => {
    if (error === null) answer(200, "OK", bytes);
    else if (error.code === "EACCES") answer(403, "Forbidden", Buffer.alloc(0));
    else if (error.code === "ENOENT") answer(404, "Not Found", Buffer.alloc(0));
    else answer(500, "Internal Server Error", Buffer.alloc(0));
  });
}
