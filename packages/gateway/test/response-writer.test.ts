import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { writeAnswer } from "../src/front/response-writer.ts";
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
