import { readFile } from "node:fs";
import { type Agent, request as httpRequest } from "node:http";
import { fileOfUrl } from "../config/locations.ts";
import type { OpenedUrl, UrlRequest } from "../script/script-host.ts";
import { type OutboundRoute, outboundAgent } from "./outbound.ts";

const agents = new Map<OutboundRoute | undefined, Agent>();
const defaultTimeout = 300_000;
const largestAnswer = 64 * 1024 * 1024;

/** Where file URLs of the request lead. */
export interface UrlBase {
  readonly root: string;
  readonly domain: string;
  readonly route?: OutboundRoute | undefined;
}

type Done = (error: string | undefined, response?: OpenedUrl) => void;

/**
 * Sends a request of a script: http through a keep-alive agent, `local:`, `config:` and
 * `temporary:` from files (200, 403 and 404 as answers). An answer larger than 64 MiB is an error.
 */
export function openUrl(request: UrlRequest, base: UrlBase, done: Done): void {
  if (/^(?:local|config|temporary):/.test(request.target)) {
    openFile(request.target, base, done);
    return;
  }
  const url = URL.canParse(request.target) ? new URL(request.target) : undefined;
  if (url?.protocol !== "http:") {
    done(`${request.target} cannot be opened: only http and files are served`);
    return;
  }
  let ended = false;
  const end: Done = (error, response) => {
    if (ended) return;
    ended = true;
    done(error, response);
  };
  try {
    send(url, request, agentFor(base.route), end);
  } catch (error) {
    end((error as Error).message);
  }
}

function agentFor(route: OutboundRoute | undefined): Agent {
  let agent = agents.get(route);
  if (agent === undefined) {
    agent = outboundAgent({ keepAlive: true, maxSockets: 256 }, route);
    agents.set(route, agent);
  }
  return agent;
}

/** Ends what a route's connections keep open. */
export function closeRoute(route: OutboundRoute): void {
  agents.get(route)?.destroy();
  agents.delete(route);
}

function send(url: URL, request: UrlRequest, agent: Agent, end: Done): void {
  const body = typeof request.data === "string" ? Buffer.from(request.data) : request.data;
  const outgoing = httpRequest(url, {
    agent,
    method: request.method,
    headers: {
      ...(request.headers as Record<string, string | string[]>),
      ...(body === undefined ? {} : { "Content-Length": String(body.length) }),
    },
    timeout: request.timeout || defaultTimeout,
  });
  outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer from ${url.host} in time`)));
  outgoing.on("error", (error) => end(error.message));
  outgoing.on("response", (answer) => {
    const parts: Buffer[] = [];
    let size = 0;
    answer.on("data", (part: Buffer) => {
      size += part.length;
      if (size > largestAnswer) answer.destroy(new Error("the answer is larger than 64 MiB"));
      else parts.push(part);
    });
    answer.on("error", (error) => end(error.message));
    answer.on("end", () =>
      end(undefined, {
        statusCode: answer.statusCode ?? 0,
        reasonPhrase: answer.statusMessage ?? "",
        headers: Object.entries(answer.headersDistinct).map(([name, values]) => [
          name,
          values ?? [],
        ]),
        body: Buffer.concat(parts),
      }),
    );
  });
  outgoing.end(body);
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
