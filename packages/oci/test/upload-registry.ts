import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { digestOf } from "../src/blob/digest.ts";

/** What a request gets instead of its answer; the body is read up to `bytes` before a cut. */
export type Mischief =
  | { readonly kind: "status"; readonly status: number; readonly headers?: Record<string, string> }
  | { readonly kind: "cut"; readonly bytes: number; readonly keeps: boolean }
  | { readonly kind: "stall" }
  | { readonly kind: "header"; readonly name: string; readonly value: string | undefined };

/** A registry in this process that takes one repository's uploads, and misbehaves as told. */
export interface UploadRegistry {
  readonly host: string;
  readonly blobs: Map<string, Buffer>;
  readonly manifests: Map<string, Buffer>;
  /** Authorization headers as they came, for requests of any kind. */
  readonly authorizations: (string | undefined)[];
  mischief: (request: IncomingMessage) => Mischief | undefined;
  close(): Promise<void>;
}

export async function openUploadRegistry(): Promise<UploadRegistry> {
  const uploads = new Map<string, Buffer>();
  let count = 0;
  const server = createServer((request, response) => {
    registry.authorizations.push(request.headers.authorization);
    void serve(request, response).catch(() => response.destroy());
  });
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const mischief = registry.mischief(request);
    if (mischief?.kind === "stall") return;
    const most = mischief?.kind === "cut" ? mischief.bytes : Number.POSITIVE_INFINITY;
    const body = await bodyOf(request, most);
    const url = new URL(request.url ?? "", "http://registry");
    const id = /\/blobs\/uploads\/(\d+)$/.exec(url.pathname)?.[1];
    if (mischief?.kind === "cut") {
      if (mischief.keeps && id !== undefined && request.method === "PATCH")
        uploads.set(id, Buffer.concat([uploads.get(id) ?? Buffer.alloc(0), body]));
      request.socket.destroy();
      return;
    }
    if (mischief?.kind === "status") {
      response.writeHead(mischief.status, mischief.headers).end();
      return;
    }
    if (mischief?.kind === "header") {
      const { name, value } = mischief;
      const write = response.writeHead.bind(response);
      response.writeHead = ((status: number, headers: Record<string, string> = {}) => {
        const { [name]: _, ...rest } = headers;
        return write(status, value === undefined ? rest : { ...rest, [name]: value });
      }) as typeof response.writeHead;
    }
    answer(request, response, url, id, body);
  }
  function answer(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    id: string | undefined,
    body: Buffer,
  ): void {
    const at = (number: string, length: number) => ({
      location: `/v2/repo/blobs/uploads/${number}`,
      range: `0-${Math.max(0, length - 1)}`,
    });
    const name = url.pathname.split("/").at(-1) ?? "";
    if (url.pathname === "/v2/") response.end("{}");
    else if (url.pathname.includes("/manifests/")) manifest(request, response, name, body);
    else if (request.method === "POST") {
      count += 1;
      uploads.set(String(count), Buffer.alloc(0));
      response.writeHead(202, at(String(count), 0)).end();
    } else if (id === undefined) {
      const blob = registry.blobs.get(name);
      if (blob === undefined) response.writeHead(404).end();
      else response.writeHead(200, { "content-length": String(blob.length) }).end();
    } else upload(request, response, url, id, body, at);
  }
  function upload(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    id: string,
    body: Buffer,
    at: (number: string, length: number) => Record<string, string>,
  ): void {
    const before = uploads.get(id);
    if (before === undefined) {
      response.writeHead(404).end();
    } else if (request.method === "GET") {
      response.writeHead(204, at(id, before.length)).end();
    } else {
      const from = /^(\d+)-/.exec(request.headers["content-range"] ?? "")?.[1];
      if (from !== undefined && Number(from) !== before.length) {
        response.writeHead(416, at(id, before.length)).end();
        return;
      }
      const all = Buffer.concat([before, body]);
      uploads.set(id, all);
      if (request.method === "PATCH") {
        response.writeHead(202, at(id, all.length)).end();
        return;
      }
      const digest = url.searchParams.get("digest") ?? "";
      if (digestOf(all) !== digest) {
        response.writeHead(400).end('{"errors":[{"code":"DIGEST_INVALID"}]}');
        return;
      }
      uploads.delete(id);
      registry.blobs.set(digest, all);
      response.writeHead(201, { location: `/v2/repo/blobs/${digest}` }).end();
    }
  }
  function manifest(
    request: IncomingMessage,
    response: ServerResponse,
    name: string,
    body: Buffer,
  ): void {
    if (request.method !== "PUT") {
      response.writeHead(404).end();
      return;
    }
    registry.manifests.set(name, body);
    response.writeHead(201, { "docker-content-digest": digestOf(body) }).end();
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const registry: UploadRegistry = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    blobs: new Map(),
    manifests: new Map(),
    authorizations: [],
    mischief: () => undefined,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return registry;
}

/** The body, or its first bytes: what comes behind them is left in the connection. */
async function bodyOf(request: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  if (most === 0) return Buffer.alloc(0);
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length >= most) break;
  }
  return Buffer.concat(chunks).subarray(0, Math.min(length, most));
}
