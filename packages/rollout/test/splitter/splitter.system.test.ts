import { createHash } from "node:crypto";
import {
  type Agent,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
} from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { SplitPlan } from "../../src/plan/plan.ts";
import { openSplitter, type Splitter } from "../../src/splitter/splitter.ts";
import { says, startBackend, type TestBackend } from "../support/backend.ts";
import { startLoad } from "../support/load.ts";

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const split: SplitPlan = {
  unit: { from: "header", name: "x-user" },
  salt: "s",
  allow: [],
  override: "x-canary",
};

async function backend(listener: RequestListener): Promise<TestBackend> {
  const started = await startBackend(listener);
  cleanUps.push(started.stop);
  return started;
}

async function splitter(
  stable: readonly TestBackend[],
  canary: readonly TestBackend[] = [],
): Promise<Splitter & { readonly port: number }> {
  const opened = await openSplitter({ host: "127.0.0.1", port: 0 }, { split, thresholds: [] });
  cleanUps.push(opened.close);
  await opened.setBackends("stable", stable);
  await opened.setBackends("canary", canary);
  return Object.assign(opened, { port: (await opened.status()).listen.port });
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingMessage["headers"];
  readonly raw: readonly string[];
}

function ask(
  port: number,
  options: {
    readonly method?: string;
    readonly path?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly agent?: Agent;
  } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { body, ...rest } = options;
    const sent = httpRequest({ host: "127.0.0.1", port, agent: false, ...rest }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk) => {
        text += chunk;
      });
      answer.on("error", reject);
      answer.on("end", () =>
        resolve({
          status: answer.statusCode ?? 0,
          body: text,
          headers: answer.headers,
          raw: answer.rawHeaders,
        }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Sends bytes as they are; everything that comes back until the connection ends or `until` is in it. */
function raw(port: number, text: string, until?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    let got = "";
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => {
      got += chunk;
      if (until !== undefined && got.includes(until)) socket.end();
    });
    socket.on("close", () => resolve(got));
    socket.on("error", reject);
  });
}

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

describe("when something breaks", () => {
  test("a refused connection: another instance answers, even a POST, and nobody sees an error", async () => {
    const good = await backend(says("good"));
    const gone = await startBackend(says("gone"));
    await gone.stop();
    const one = await splitter([gone, good]);
    for (const method of ["GET", "POST"]) {
      for (let i = 0; i < 4; i++) {
        const answer = await ask(one.port, { method, ...(method === "POST" ? { body: "b" } : {}) });
        expect([answer.status, answer.body]).toEqual([200, "good"]);
      }
    }
    const { stable } = await one.takeBlock();
    expect([stable.requests, stable.requestErrors]).toEqual([8, 0]);
    expect((await one.status()).retried).toBeGreaterThan(0);
  });

  test("a GET that got no answer is sent again, a POST is not", async () => {
    let calls = 0;
    const back = await backend((request, response) => {
      calls += 1;
      if (calls === 1) request.socket.destroy();
      else response.end("second");
    });
    const { port } = await splitter([back]);
    expect((await ask(port)).body).toBe("second");
    calls = 0;
    expect((await ask(port, { method: "POST", body: "x" })).status).toBe(502);
    expect(calls).toBe(1);
  });

  test("no instance answers: 502; no instance at all: 503; both are errors of the side", async () => {
    const gone = await startBackend(says("gone"));
    await gone.stop();
    const one = await splitter([gone]);
    expect((await ask(one.port, { headers: { "x-user": "u" } })).status).toBe(502);
    await one.setBackends("stable", []);
    expect((await ask(one.port, { headers: { "x-user": "u" } })).status).toBe(503);
    const { stable } = await one.takeBlock();
    expect(stable.requestErrors).toBe(2);
    expect((await one.status()).dropped).toBe(2);
  });

  test("a backend that dies in mid-answer cuts the client's connection and is counted", async () => {
    const back = await backend((request, response) => {
      response.writeHead(200, { "Content-Length": 100 });
      response.write("half");
      setTimeout(() => request.socket.destroy(), 20);
    });
    const one = await splitter([back]);
    await expect(ask(one.port, { headers: { "x-user": "u" } })).rejects.toThrow();
    const { stable } = await one.takeBlock();
    expect(stable).toMatchObject({ requests: 1, requestErrors: 1, units: 1, unitErrors: 1 });
  });

  test("a client that gives up is not an error, and its request leaves nothing in flight", async () => {
    let arrived: () => void = () => {};
    const there = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    let left: () => void = () => {};
    const gone = new Promise<void>((resolve) => {
      left = resolve;
    });
    const back = await backend((_, response) => {
      arrived();
      response.on("close", left);
    });
    const one = await splitter([back]);
    const sent = httpRequest({ host: "127.0.0.1", port: one.port, agent: false });
    sent.on("error", () => {});
    sent.end();
    await there;
    sent.destroy();
    await gone;
    expect((await one.status()).sides.stable.inFlight).toBe(0);
    expect((await one.takeBlock()).stable).toMatchObject({ requests: 0, requestErrors: 0 });
  });

  test("a port in use is a fault", async () => {
    const back = await backend(says("x"));
    await expect(
      openSplitter({ host: "127.0.0.1", port: back.port }, { split, thresholds: [] }),
    ).rejects.toMatchObject({ code: "SPLITTER_LISTEN", exitCode: 3 });
  });

  test("nonsense on the wire is a 400, and smuggling is refused", async () => {
    const { port } = await splitter([await backend(says("x"))]);
    expect(await raw(port, "NONSENSE\r\n\r\n")).toMatch(/^HTTP\/1.1 400 /);
    const both =
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    expect(await raw(port, both)).toMatch(/^HTTP\/1.1 400 /);
  });
});

describe("shifting", () => {
  test("by user, sticky; weight 0 evacuates at once; override and probe reach the canary all the same", async () => {
    const one = await splitter([await backend(says("stable"))], [await backend(says("canary"))]);
    const users = Array.from({ length: 100 }, (_, i) => `u${i}`);
    const sides = async (): Promise<readonly string[]> =>
      Promise.all(
        users.map(async (user) => (await ask(one.port, { headers: { "x-user": user } })).body),
      );
    expect(new Set(await sides())).toEqual(new Set(["stable"]));
    await one.setWeight(0.3);
    const at30 = await sides();
    expect(await sides()).toEqual(at30);
    await one.setWeight(0.6);
    const at60 = await sides();
    at30.forEach((side, i) => {
      if (side === "canary") expect(at60[i]).toBe("canary");
    });
    const { canary, stable } = await one.takeBlock();
    expect(canary.requests + stable.requests).toBe(400);
    expect(canary.units).toBe(at60.filter((side) => side === "canary").length);
    await one.setWeight(0);
    expect(new Set(await sides())).toEqual(new Set(["stable"]));
    expect((await ask(one.port, { headers: { "x-canary": "canary" } })).body).toBe("canary");
    const { probeToken } = await one.status();
    const probe = await ask(one.port, { headers: { "Lithify-Probe": `${probeToken} canary` } });
    expect([probe.body, probe.headers["lithify-side"]]).toEqual(["canary", "canary"]);
    await one.setBackends("canary", []);
    expect((await ask(one.port, { headers: { "x-canary": "canary" } })).body).toBe("stable");
  });

  test("keep-alive connections of clients survive every shift under load; nothing is dropped", async () => {
    const stable = [await backend(slowly("stable")), await backend(slowly("stable"))];
    const canary = [await backend(slowly("canary")), await backend(slowly("canary"))];
    const one = await splitter(stable, canary);
    const load = startLoad({ host: "127.0.0.1", port: one.port }, { users: 50, clients: 12 });
    for (const weight of [0.1, 0.5, 0, 0.7, 1]) {
      await one.setWeight(weight);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    expect(await one.drain("stable", { deadlineMs: 5_000 })).toEqual({ left: 0 });
    await one.setBackends("stable", canary);
    await one.setWeight(0);
    await one.setBackends("canary", []);
    await Promise.all(stable.map((instance) => instance.stop()));
    await new Promise((resolve) => setTimeout(resolve, 60));
    const { sent, results } = await load.stop();
    expect(results).toEqual({ "200": sent });
    expect((await one.status()).dropped).toBe(0);
  });

  test("drain waits for what is in flight and lets nothing new in", async () => {
    let finish: () => void = () => {};
    const began = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let release: () => void = () => {};
    const canary = await backend((_, response) => {
      finish();
      release = () => response.end("late");
    });
    const one = await splitter([await backend(says("stable"))], [canary]);
    const late = ask(one.port, { headers: { "x-canary": "canary" } });
    await began;
    const drained = one.drain("canary", { deadlineMs: 10_000 });
    expect((await ask(one.port, { headers: { "x-canary": "canary" } })).body).toBe("stable");
    release();
    expect((await late).body).toBe("late");
    expect(await drained).toEqual({ left: 0 });
  });
});

function slowly(text: string): RequestListener {
  return (request, response) => {
    request.resume();
    request.on("end", () => setTimeout(() => response.end(text), 5));
  };
}
