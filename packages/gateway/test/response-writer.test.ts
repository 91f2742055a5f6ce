import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { together, writeAnswer } from "../src/front/response-writer.ts";
import { Headers } from "../src/http/headers.ts";

test("an answer whose body broke before it was written is told as not whole", async () => {
  const body = new Readable({ read() {} });
  body.on("error", () => {});
  const closed = new Promise((resolve) => body.once("close", resolve));
  body.destroy(new Error("the backend went away"));
  await closed;
  await withSocket(async (socket) => {
    const answer = { status: 200, reason: "OK", headers: new Headers(), body, close: false };
    const whole = await new Promise<boolean>((resolve) => {
      writeAnswer(socket, undefined, answer, { close: false, chunks: true }, resolve);
    });
    expect(whole).toBe(false);
  });
});

test("answers of a connection wait for others and keep their order; a stream does not wait", async () => {
  const sent: string[] = [];
  const send = together((request: string) => sent.push(request));
  const answer = { status: 200, reason: "OK", headers: new Headers(), close: false };
  for (const round of ["1", "2"]) {
    for (const request of ["a", "b", "c"]) send(request + round, { ...answer, body: Buffer.of() });
    expect(sent).toEqual([]);
    const body = Readable.from([]);
    send("stream", { ...answer, body });
    expect(sent.splice(0)).toEqual(["stream"]);
    body.destroy();
    await turn();
    const all = ["a", "b", "c"].map((request) => request + round);
    expect(sent.splice(0)).toEqual(all);
  }
});

async function withSocket(use: (socket: Socket) => Promise<void>): Promise<void> {
  const server = createServer((peer) => peer.on("error", () => {}).resume());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const socket = connect(address.port, "127.0.0.1");
  try {
    await once(socket, "connect");
    await use(socket);
  } finally {
    socket.destroy();
    server.close();
  }
}
