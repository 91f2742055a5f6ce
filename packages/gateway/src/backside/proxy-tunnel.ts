import type { Socket } from "node:net";
import { parseResponseHead } from "./response-head.ts";

/** Longest answer of a proxy to CONNECT, in bytes. */
const longestAnswer = 16_384;

/** Asks the proxy at the other end of a socket for a tunnel; `done` hears once. */
export function openTunnel(
  socket: Socket,
  host: string,
  port: number,
  done: (error: Error | undefined) => void,
): void {
  const authority = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  let text = "";
  const end = (error: Error | undefined): void => {
    socket.off("data", take);
    socket.off("end", ended);
    socket.off("error", end);
    if (error === undefined) socket.pause();
    done(error);
  };
  const ended = (): void => end(new Error("the proxy ended the connection"));
  const take = (bytes: Buffer): void => {
    text += bytes.toString("latin1");
    const at = text.indexOf("\r\n\r\n");
    if (at < 0) {
      if (text.length > longestAnswer) end(new Error("the answer of the proxy is too long"));
      return;
    }
    end(verdict(text, at));
  };
  socket.on("data", take);
  socket.on("end", ended);
  socket.on("error", end);
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`, "latin1");
}

function verdict(text: string, at: number): Error | undefined {
  try {
    const { status } = parseResponseHead(text.slice(0, at + 2), "HEAD");
    if (status < 200 || status > 299) return new Error(`the proxy answered ${status}`);
    if (text.length > at + 4) return new Error("the proxy sends before it is asked");
    return undefined;
  } catch (error) {
    return new Error(`the answer of the proxy: ${(error as Error).message}`);
  }
}
