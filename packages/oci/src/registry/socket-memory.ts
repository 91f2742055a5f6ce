import type { Agent, ClientRequestArgs } from "node:http";
import type { OnReadOpts } from "node:net";
import type { Duplex } from "node:stream";

/**
 * Bytes that a socket is asked for at one time. By itself Node asks for 64 KiB in memory that is new each time; the
 * collector, which sees it grow, then looks through the whole heap again and again.
 */
const readBytes = 256 * 1024;
const reused = new WeakSet<ArrayBufferLike>();

/** The agent, whose connections now read into memory that is used again. */
export function reusingMemory<Kind extends Agent>(agent: Kind): Kind {
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) =>
    readingInto((onread) => {
      const all: ClientRequestArgs & { readonly onread: OnReadOpts } = { ...options, onread };
      return connect(all, callback);
    });
  return agent;
}

/** Bytes that came over such a connection, in memory that is not used again: the parser of HTTP copies, or may not. */
export function keepable(bytes: Uint8Array): Uint8Array {
  return reused.has(bytes.buffer) ? Buffer.from(bytes) : bytes;
}

function readingInto(
  connect: (onread: OnReadOpts) => Duplex | null | undefined,
): Duplex | null | undefined {
  let memory = reusedMemory();
  let socket: Duplex | null | undefined;
  socket = connect({
    buffer() {
      // What nobody has taken yet lies in the socket's queue
      if (socket != null && socket.readableLength > 0) memory = reusedMemory();
      return memory;
    },
    callback: (length, bytes) => socket?.push(bytes.subarray(0, length)) ?? true,
  });
  return socket;
}

function reusedMemory(): Buffer {
  const memory = Buffer.allocUnsafeSlow(readBytes);
  reused.add(memory.buffer);
  return memory;
}
