import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { digestOf, hexOf } from "../src/blob/digest.ts";
import { RepositoryClient } from "../src/registry/client.ts";
import { downloadBlob } from "../src/registry/download.ts";
import { Http } from "../src/registry/http.ts";
import { FileWriter } from "../src/store/file-writer.ts";
import { openStore } from "../src/store/layout-store.ts";
import { expectFault, withDirectory } from "./expectations.ts";

const content = randomBytes(5_000_001);
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** In pieces of any size, with or without a length. */
async function sendContent(response: ServerResponse, isChunked: boolean): Promise<void> {
  if (!isChunked) response.setHeader("content-length", content.length);
  for (let at = 0, size = 1; at < content.length; at += size, size = (size * 7) % 600_001) {
    if (!response.write(content.subarray(at, at + size)))
      await new Promise((resolve) => response.once("drain", resolve));
    if (size % 3 === 0) await turn();
  }
  response.end();
}

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** Serves it, plain or over TLS, and gives its address and a client. */
async function served(
  scheme: "http" | "https",
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ readonly url: string; readonly http: Http }> {
  const { key, cert } = certificate;
  const isTls = scheme === "https";
  const server = isTls ? createTlsServer({ key, cert }, answer) : createServer(answer);
  const http = new Http(isTls ? { ca: cert } : { insecure: true });
  return { url: `${scheme}://127.0.0.1:${await listening(server)}`, http };
}

let certificate: { readonly key: string; readonly cert: string };
beforeAll(() =>
  withDirectory(async (directory) => {
    const [keyFile, certFile] = [join(directory, "key.pem"), join(directory, "ca.crt")];
    const form = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"];
    const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    const files = ["-keyout", keyFile, "-out", certFile];
    execFileSync("openssl", [...form, ...subject, ...files], { stdio: "ignore" });
    const [key, cert] = await Promise.all([readFile(keyFile, "utf8"), readFile(certFile, "utf8")]);
    certificate = { key, cert };
  }),
);

describe.each(["http", "https"] as const)("by %s", (scheme) => {
  test.each([false, true])(
    "pieces of an answer keep their bytes while others come; chunked: %s",
    async (isChunked) => {
      const { url, http } = await served(scheme, (_, response) => {
        void sendContent(response, isChunked);
      });
      await expectContent(http, url);
    },
  );

  test("a body arrives whole at a slow reader, and its pieces are given back", async () => {
    let arrived = Buffer.alloc(0);
    const { url, http } = await served(scheme, async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) {
        parts.push(part as Buffer);
        await turn();
      }
      arrived = Buffer.concat(parts);
      response.end();
    });
    const pieces: Buffer[] = [];
    const answer = await http.send({ ...put(url), body: contentInto(pieces) });
    answer.drop();
    http.close();
    expect(arrived.equals(content)).toBe(true);
    expect(pieces.map(({ length }) => length)).toEqual(pieces.map(() => 0));
  });

  test("a body whose connection is cut ends in a fault", async () => {
    const { url, http } = await served(scheme, (request) => {
      let seen = 0;
      request.on("data", ({ length }: Buffer) => {
        seen += length;
        if (seen > 1_000_000) request.socket.destroy();
      });
    });
    await expectFault("REGISTRY_UNREACHABLE", async () => {
      await http.sendOnce({ ...put(url), body: contentInto([]) });
    });
    http.close();
  });
});

const put = (url: string) => ({
  method: "PUT",
  url: new URL(url),
  headers: { "content-length": String(content.length) },
});

async function* contentInto(pieces: Buffer[]): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += 500_000) {
    const part = content.subarray(at, at + 500_000);
    const piece = Buffer.allocUnsafeSlow(part.length);
    piece.set(part);
    pieces.push(piece);
    yield piece;
  }
}

/** Twice over one connection: read at once, and by a reader that lags behind. */
async function expectContent(http: Http, url: string): Promise<void> {
  try {
    for (const lag of [0, 5]) {
      const { body } = await http.send({ method: "GET", url: new URL(url) });
      const pieces: Uint8Array[] = [];
      for await (const piece of body) {
        pieces.push(piece);
        for (let turns = 0; turns < lag; turns += 1) await turn();
      }
      expect(Buffer.concat(pieces).equals(content)).toBe(true);
    }
  } finally {
    http.close();
  }
}

test("a blob that is cut off and begun anew goes whole to the store, which gives pieces back", () =>
  withDirectory(async (directory) => {
    let cuts = 0;
    const server = createServer(({ url }, response) => {
      if (url === "/v2/") response.end("{}");
      else if (cuts >= 3) response.end(content);
      else {
        cuts += 1;
        response.writeHead(200, { "content-length": content.length });
        response.write(content.subarray(0, cuts * 1_234_567), () => response.destroy());
      }
    });
    const host = `127.0.0.1:${await listening(server)}`;
    const address = { host, repository: "repo", reference: "1" };
    const keychain = { credentials: async () => undefined };
    const options = { insecure: true, limits: { backoff: 1 } };
    const client = new RepositoryClient(address, keychain, options, "pull");
    const store = await openStore(directory);
    const digest = digestOf(content);
    const pieces = downloadBlob(client, digest, content.length);
    await store.write(pieces, { verified: digest });
    client.close();
    expect(cuts).toBe(3);
    const path = join(directory, "blobs", "sha256", hexOf(digest));
    expect((await readFile(path)).equals(content)).toBe(true);
  }));

test("a writer gives back the memory of a piece, but not of a part", () =>
  withDirectory(async (directory) => {
    const path = join(directory, "file");
    const handle = await open(path, "w");
    const writer = new FileWriter(handle, { passing: true });
    const whole = Buffer.allocUnsafeSlow(1_500_000).fill("whole");
    const shared = Buffer.allocUnsafeSlow(1_500_000).fill("shared");
    const expected = Buffer.concat([whole, shared]);
    for (const piece of [whole, shared.subarray(0, 1_400_000), shared.subarray(1_400_000)])
      await writer.put(piece);
    await writer.flush();
    await handle.close();
    expect((await readFile(path)).equals(expected)).toBe(true);
    expect([whole.length, shared.length]).toEqual([0, 1_500_000]);
  }));
