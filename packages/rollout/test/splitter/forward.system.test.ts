import { createHash } from "node:crypto";
import { request as httpRequest } from "node:http";
import { connect, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { says } from "../support/backend.ts";
import { ask, backend, raw, splitter } from "../support/proxy.ts";

describe("passing on", () => {
  test("method, path, headers, body and answer arrive; hop-by-hop fields do not", async () => {
    const back = await backend((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        response.writeHead(201, "Made", [
          "X-A",
          "1",
          "Set-Cookie",
          "a=1",
          "Set-Cookie",
          "b=2",
          "Connection",
          "X-Hop",
          "X-Hop",
          "gone",
        ]);
        response.end(
          JSON.stringify({
            method: request.method,
            url: request.url,
            headers: request.headers,
            body,
          }),
        );
      });
    });
    const { port } = await splitter([back]);
    const answer = await ask(port, {
      method: "PUT",
      path: "/a%20b?c=d",
      headers: {
        Connection: "close, X-Private",
        "X-Private": "1",
        "Keep-Alive": "timeout=5",
        TE: "trailers",
        "X-Forwarded-For": "10.1.2.3",
        Host: "shop.example",
      },
      body: "hello",
    });
    expect(answer.status).toBe(201);
    expect(answer.headers["set-cookie"]).toEqual(["a=1", "b=2"]);
    expect(answer.headers["x-hop"]).toBeUndefined();
    const seen = JSON.parse(answer.body);
    expect(seen).toMatchObject({ method: "PUT", url: "/a%20b?c=d", body: "hello" });
    expect(seen.headers).toMatchObject({
      host: "shop.example",
      "x-forwarded-for": "10.1.2.3, 127.0.0.1",
      "x-forwarded-host": "shop.example",
      "x-forwarded-proto": "http",
      via: "1.1 lithify",
      "content-length": "5",
    });
    for (const name of ["x-private", "te", "keep-alive"])
      expect(seen.headers[name]).toBeUndefined();
  });

  test("HEAD, 204 and 304 have no body; a chunked DELETE keeps its body", async () => {
    const back = await backend((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        if (request.url === "/204") response.writeHead(204).end();
        else if (request.url === "/304") response.writeHead(304, { ETag: "x" }).end();
        else if (request.method === "HEAD") response.writeHead(200, { "Content-Length": 5 }).end();
        else response.end(Buffer.concat(chunks));
      });
    });
    const { port } = await splitter([back]);
    const head = await ask(port, { method: "HEAD" });
    expect([head.status, head.headers["content-length"], head.body]).toEqual([200, "5", ""]);
    expect((await ask(port, { path: "/204" })).status).toBe(204);
    expect((await ask(port, { path: "/304" })).headers.etag).toBe("x");
    const chunked = await raw(
      port,
      "DELETE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    );
    expect(chunked).toMatch(/^HTTP\/1.1 200 OK/);
    expect(chunked).toContain("abc");
  });

  test("a large body flows both ways unchanged, without being held whole", async () => {
    const back = await backend((request, response) => {
      response.writeHead(200);
      request.pipe(response);
    });
    const { port } = await splitter([back]);
    const piece = Buffer.alloc(256 * 1024, "x");
    const digest = await new Promise<string>((resolve, reject) => {
      const sent = httpRequest({ host: "127.0.0.1", port, method: "POST" }, (answer) => {
        const hash = createHash("sha256");
        answer.on("data", (chunk) => hash.update(chunk));
        answer.on("end", () => resolve(hash.digest("hex")));
      });
      sent.on("error", reject);
      let left = 80;
      const write = (): void => {
        while (left > 0) {
          left -= 1;
          if (!sent.write(piece)) {
            sent.once("drain", write);
            return;
          }
        }
        sent.end();
      };
      write();
    });
    expect(digest).toBe(
      createHash("sha256")
        .update(Buffer.alloc(80 * piece.length, "x"))
        .digest("hex"),
    );
  });

  test("Expect: 100-continue is the backend's to answer", async () => {
    const back = await backend(says("plain"));
    back.server.on("checkContinue", (request, response) => {
      if (request.url === "/no") {
        response.writeHead(417, { "Content-Length": 0 }).end();
        return;
      }
      response.writeContinue();
      request.on("data", () => {});
      request.on("end", () => response.end("taken"));
    });
    const { port } = await splitter([back]);
    const ask100 = (path: string): Promise<string> =>
      new Promise((resolve) => {
        let got = "";
        const socket = connect(port, "127.0.0.1", () =>
          socket.write(
            `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n`,
          ),
        );
        socket.on("data", (chunk) => {
          got += chunk;
          if (got === "HTTP/1.1 100 Continue\r\n\r\n") socket.write("body");
        });
        socket.on("close", () => resolve(got));
      });
    expect(await ask100("/yes")).toMatch(
      /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK[\s\S]*taken/,
    );
    expect(await ask100("/no")).toMatch(/^HTTP\/1.1 417 /);
  });

  test("server-sent events arrive one by one, and the client's leaving reaches the backend", async () => {
    let left: () => void = () => {};
    const clientLeft = new Promise<void>((resolve) => {
      left = resolve;
    });
    let next: () => void = () => {};
    const back = await backend((_, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.flushHeaders();
      let n = 0;
      next = () => response.write(`data: ${n++}\n\n`);
      response.on("close", left);
    });
    const { port } = await splitter([back]);
    await new Promise<void>((resolve, reject) => {
      const sent = httpRequest({ host: "127.0.0.1", port, agent: false }, (answer) => {
        let got = "";
        next();
        answer.on("error", () => {});
        answer.on("data", (chunk) => {
          got += chunk;
          if (got === "data: 0\n\n") next();
          if (got === "data: 0\n\ndata: 1\n\n") {
            sent.destroy();
            resolve();
          }
        });
      });
      sent.on("error", reject);
      sent.end();
    });
    await clientLeft;
  });

  test("a WebSocket is tunnelled both ways, and cut when its side's drain is over", async () => {
    const back = await backend(says("plain"));
    back.server.on("upgrade", (request, socket: Socket) => {
      socket.on("error", () => {});
      socket.on("end", () => socket.end());
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\n\r\nwelcome`,
      );
      socket.on("data", (chunk) => socket.write(`echo ${chunk}`));
    });
    const one = await splitter([back]);
    let got = "";
    const socket = connect(one.port, "127.0.0.1");
    socket.setEncoding("utf8");
    const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
    socket.on("error", () => {});
    const reads = (text: string): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!got.includes(text)) return;
          socket.off("data", look);
          resolve();
        };
        socket.on("data", look);
        look();
      });
    socket.on("data", (chunk) => {
      got += chunk;
    });
    socket.write(
      "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nx-user: u\r\n\r\n",
    );
    await reads("welcome");
    expect(got).toMatch(/^HTTP\/1.1 101 /);
    socket.write("ping");
    await reads("echo ping");
    // The shift does not concern it.
    await one.setWeight(1);
    socket.write("pong");
    await reads("echo pong");
    expect((await one.status()).sides.stable.inFlight).toBe(1);
    expect(await one.drain("stable", { deadlineMs: 20 })).toEqual({ left: 1 });
    await closed;
  });

  test("an offer of cleartext HTTP/2 is answered over HTTP/1.1", async () => {
    const { port } = await splitter([await backend(says("one"))]);
    const answer = await ask(port, {
      headers: {
        Connection: "Upgrade, HTTP2-Settings",
        Upgrade: "h2c",
        "HTTP2-Settings": "AAMAAABkAARAAAAAAAIAAAAA",
      },
    });
    expect([answer.status, answer.body]).toEqual([200, "one"]);
  });
});
