import { request as httpRequest } from "node:http";
import { describe, expect, test } from "vitest";
import { openSplitter } from "../../src/splitter/splitter.ts";
import { says, startBackend } from "../support/backend.ts";
import { ask, backend, raw, split, splitter } from "../support/proxy.ts";

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
