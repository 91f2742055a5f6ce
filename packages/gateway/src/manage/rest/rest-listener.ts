import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { isFault } from "@lithify/fault";
import type { Account, Authenticator } from "../authenticate.ts";
import type { ManagedInstance } from "../instance.ts";
import { answerRest } from "./answer-rest.ts";
import type { StatusMemory } from "./read-status.ts";
import { failure, notFound, type RestAnswer, type RestRequest } from "./rest-answer.ts";

/** Largest body of a request, in bytes. */
const largestBody = 4 * 1024 * 1024;

/** Who was let in, for the status of active users. */
export type LetIn = (account: Account, address: string) => void;

/** The listener of the REST management interface. Every answer is JSON. */
export function restListener(
  instance: ManagedInstance,
  authenticator: Authenticator,
  memory: StatusMemory,
  letIn: LetIn,
): RequestListener {
  return (request, response) => {
    const path = (request.url ?? "/").split("?", 1)[0]!;
    answer(instance, authenticator, memory, letIn, request, path)
      .catch((error: unknown) => {
        const text = `REST management, ${request.method} ${path}: ${isFault(error) ? error.message : ((error as Error).stack ?? String(error))}`;
        instance.log({ code: "8100003c", category: "mgmt", priority: "error", text });
        return failure(500, path, "Internal error.");
      })
      .then((made) => send(response, made, request.method === "HEAD"));
  };
}

async function answer(
  instance: ManagedInstance,
  authenticator: Authenticator,
  memory: StatusMemory,
  letIn: LetIn,
  request: IncomingMessage,
  path: string,
): Promise<RestAnswer> {
  const address = request.socket.remoteAddress ?? "";
  const account = await authenticator.account(request.headers.authorization);
  if ("refused" in account) {
    const text = `REST management: ${address} is not let in: ${account.refused}`;
    instance.log({ code: "81000033", category: "auth", priority: "warn", text });
    return {
      ...failure(401, path, "Authentication failure."),
      headers: { "WWW-Authenticate": 'Basic realm="login"' },
    };
  }
  if (comesFromElsewhere(request)) {
    return failure(403, path, "The request comes from a page of another origin.");
  }
  letIn(account, address);
  const segments = segmentsOf(path);
  if (segments === undefined) return notFound(path);
  const body = await readBody(request);
  if (body === undefined) return failure(413, path, "The body is larger than 4 MiB.");
  let parsed: unknown;
  if (body !== "") {
    try {
      parsed = JSON.parse(body);
    } catch {
      return failure(400, path, "The body is not JSON.");
    }
  }
  const query = new URLSearchParams((request.url ?? "").split("?").slice(1).join("?"));
  const asked: RestRequest = {
    method: request.method === "HEAD" ? "GET" : (request.method ?? ""),
    path,
    segments,
    query,
    body: parsed,
    account,
  };
  return answerRest(instance, memory, asked);
}

/** A browser sends kept credentials along with what a page of any other site makes it ask. */
function comesFromElsewhere({ headers }: IncomingMessage): boolean {
  const { origin, host = "" } = headers;
  return origin !== undefined && origin !== `https://${host}`;
}

/** The path below `/mgmt/`, decoded; undefined when it is elsewhere or no path. */
function segmentsOf(path: string): readonly string[] | undefined {
  const parts = path.split("/");
  if (parts[0] !== "" || parts[1] !== "mgmt") return undefined;
  if (parts.length > 2 && parts.at(-1) === "") parts.pop();
  try {
    const segments = parts.slice(2).map(decodeURIComponent);
    const isPlain = segments.every(
      (each) => each !== "" && each !== "." && each !== ".." && !/[/\\\0]/.test(each),
    );
    return isPlain ? segments : undefined;
  } catch {
    return undefined;
  }
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += (part as Buffer).length;
    if (size > largestBody) return undefined;
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString("utf8");
}

function send(response: ServerResponse, made: RestAnswer, isHead: boolean): void {
  const text = `${JSON.stringify(made.document, undefined, 2)}\n`;
  response.writeHead(made.status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    ...made.headers,
    ...(made.status === 413 ? { Connection: "close" } : {}),
  });
  response.end(isHead ? undefined : text);
}
