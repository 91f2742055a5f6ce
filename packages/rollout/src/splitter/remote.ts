import { connect, type Socket } from "node:net";
import { Fault } from "@lithify/fault";
import type { Block } from "../seams.ts";
import { type ControlAnswer, type ControlCommand, eachLine } from "./control.ts";
import type { Splitter, SplitterStatus } from "./splitter.ts";

/** A splitter in another process. `disconnect` leaves it serving; `close` ends it. */
export interface RemoteSplitter extends Splitter {
  disconnect(): void;
}

/**
 * Connects to a splitter's control socket; undefined when none answers there.
 * Its methods throw Fault SPLITTER_FAILED when the process goes away.
 */
export async function connectSplitter(socketPath: string): Promise<RemoteSplitter | undefined> {
  const socket = await connected(socketPath);
  return socket === undefined ? undefined : remote(socket);
}

function remote(socket: Socket): RemoteSplitter {
  const waiting = new Map<number, Waiter>();
  let nextId = 1;
  let gone = false;
  eachLine(socket, (line) => {
    const answer = JSON.parse(line) as ControlAnswer;
    const waiter = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ("failed" in answer) waiter?.reject(failed(answer.failed));
    else waiter?.resolve(answer.answer);
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    gone = true;
    for (const waiter of waiting.values()) waiter.reject(failed("its process has ended"));
    waiting.clear();
  });
  const ask = (command: ControlCommand): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (gone) {
        reject(failed("its process has ended"));
        return;
      }
      const id = nextId++;
      waiting.set(id, { resolve, reject });
      socket.write(`${JSON.stringify({ id, ...command })}\n`);
    });
  return {
    setBackends: async (side, backends) => {
      await ask({ do: "setBackends", side, backends });
    },
    setWeight: async (weight) => {
      await ask({ do: "setWeight", weight });
    },
    drain: async (side, { deadlineMs }) =>
      (await ask({ do: "drain", side, deadlineMs })) as { readonly left: number },
    takeBlock: async () => (await ask({ do: "takeBlock" })) as Block,
    configure: async (config) => {
      await ask({ do: "configure", config });
    },
    status: async () => (await ask({ do: "status" })) as SplitterStatus,
    close: async () => {
      await ask({ do: "close" });
      // Its process closes the connection by ending: then it holds no port and no file any more.
      if (!gone) await new Promise<void>((resolve) => socket.once("close", () => resolve()));
    },
    disconnect: () => {
      socket.destroy();
    },
  };
}

interface Waiter {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

function failed(why: string): Fault {
  return new Fault("SPLITTER_FAILED", "control the traffic splitter", { why });
}

function connected(socketPath: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once("connect", () => {
      socket.removeAllListeners("error");
      resolve(socket);
    });
    socket.once("error", () => resolve(undefined));
  });
}
