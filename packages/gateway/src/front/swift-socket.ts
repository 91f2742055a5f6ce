import { Socket } from "node:net";
import { onBareStack } from "../script/watchdog.ts";

/** All connections read into this one: what is kept of it longer than its callback is copied. */
const shared = Buffer.allocUnsafeSlow(65_536);
/** As much of it as was read last: requests are often as long as the one before. */
let part = shared;

/** What Node gives sockets of its own and its servers' connections besides their types. */
interface Internals {
  _handle: unknown;
  _server: unknown;
}

/**
 * A connection of a server (made with `pauseOnConnect`) anew, its bytes going to `take` straight
 * from the kernel, without a stream and a buffer for each read: a quarter of what a small request
 * costs Node. The bytes are only valid during the call. Node has `onread` for clients' sockets
 * alone, so that the connection's handle has to change hands; undefined where this Node keeps it in
 * another way.
 */
export function swiftSocket(connection: Socket, take: (bytes: Buffer) => void): Socket | undefined {
  const given = connection as unknown as Internals;
  const { _handle: handle, _server: server } = given;
  if (!isStreamHandle(handle) || typeof server !== "object" || server === null) return undefined;
  given._handle = null;
  given._server = null;
  const options = {
    handle,
    allowHalfOpen: true,
    onread: {
      buffer: shared,
      callback: (size: number): boolean => {
        if (part.length !== size) part = shared.subarray(0, size);
        onBareStack(take, part);
        return true;
      },
    },
  };
  const socket = new Socket(options as ConstructorParameters<typeof Socket>[0]);
  // the server counts its connections by what their sockets tell it at their end
  (socket as unknown as Internals)._server = server;
  socket.resume();
  return socket;
}

function isStreamHandle(handle: unknown): boolean {
  return (
    typeof handle === "object" &&
    handle !== null &&
    typeof (handle as { useUserBuffer?: unknown }).useUserBuffer === "function" &&
    typeof (handle as { readStart?: unknown }).readStart === "function"
  );
}
