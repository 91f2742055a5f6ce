import { readFile } from "node:fs";
import { type UrlAnswer, UrlBody } from "../backside/url-answer.ts";
import type { UrlClient } from "../backside/url-client.ts";
import { fileOfUrl } from "../config/locations.ts";
import type { OpenedUrl, UrlRequest } from "../script/script-host.ts";

/** Where URLs of the request lead: files by root and domain, all else by the service's client. */
export interface UrlBase {
  readonly root: string;
  readonly domain: string;
  readonly urls: Pick<UrlClient, "open">;
}

type Done = (error: string | undefined, answer?: UrlAnswer) => void;

/**
 * Sends a request of a script or an action: http and https through the service's client, `local:`,
 * `config:`, `temporary:` and `store:` from files (200, 403 and 404 as answers). `done` hears of an
 * answer when its head is there.
 */
export function openUrl(request: UrlRequest, base: UrlBase, done: Done): void {
  if (/^(?:local|config|temporary|store):/.test(request.target)) {
    openFile(request.target, base, done);
    return;
  }
  base.urls.open(request).then(
    (answer) => done(undefined, answer),
    (error: Error) => done(`${request.target} cannot be opened: ${error.message}`),
  );
}

/** The same with all of the body; rejects where there is no answer, or less than the whole. */
export function openWhole(request: UrlRequest, base: UrlBase): Promise<OpenedUrl> {
  return new Promise((resolve, reject) => {
    openUrl(request, base, (error, answer) => {
      if (answer === undefined) {
        reject(new Error(error ?? "no answer"));
        return;
      }
      const broken = (why: Error): void =>
        reject(new Error(`${request.target} cannot be read: ${why.message}`));
      answer.body.whole().then((body) => resolve({ ...answer, body }), broken);
    });
  });
}

function openFile(target: string, base: UrlBase, done: Done): void {
  const file = fileOfUrl(base.root, base.domain, target);
  const answer = (statusCode: number, reasonPhrase: string, body: Uint8Array): void =>
    done(undefined, { statusCode, reasonPhrase, headers: [], body: new UrlBody(body, 0) });
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
