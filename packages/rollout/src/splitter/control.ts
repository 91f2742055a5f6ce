import { createServer, type Server, type Socket } from "node:net";
import { Fault, isFault, unreachable } from "@lithify/fault";
import type { Backend, Side } from "../seams.ts";
import type { Splitter, SplitterConfig } from "./splitter.ts";

/** One request on the control socket: a line of JSON. The answer is a line with the same id. */
export type ControlRequest = { readonly id: number } & ControlCommand;

export type ControlCommand =
  | { readonly do: "setBackends"; readonly side: Side; readonly backends: readonly Backend[] }
  | { readonly do: "setWeight"; readonly weight: number }
  | { readonly do: "drain"; readonly side: Side; readonly deadlineMs: number }
  | { readonly do: "takeBlock" }
  | { readonly do: "configure"; readonly config: SplitterConfig }
  | { readonly do: "status" }
  | { readonly do: "close" };

export type ControlAnswer =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly failed: string };

const maxLine = 1024 * 1024;

/** Serves a splitter's controls on a unix socket. Who may use them is the directory's permission. */
export async function serveControls(
  splitter: Splitter,
  socketPath: string,
  onClose: () => void,
): Promise<Server> {
  const server = createServer((socket) => {
    eachLine(socket, async (line) => {
      const request = JSON.parse(line) as ControlRequest;
      const answer = await answerTo(splitter, request);
      socket.write(`${JSON.stringify(answer)}\n`, () => {
        if (request.do === "close") onClose();
      });
    });
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(
        new Fault("SPLITTER_FAILED", `listen on ${socketPath}`, { cause, why: cause.message }),
      ),
    );
    server.listen(socketPath, resolve);
  });
  return server;
}

/** Calls `visit` for every line; a line that is too long, or a visit that fails, ends the connection. */
export function eachLine(socket: Socket, visit: (line: string) => void | Promise<void>): void {
  let rest = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > maxLine) socket.destroy();
    for (const line of lines) {
      Promise.resolve()
        .then(() => visit(line))
        .catch(() => socket.destroy());
    }
  });
}

async function answerTo(splitter: Splitter, request: ControlRequest): Promise<ControlAnswer> {
  try {
    return { id: request.id, answer: (await carryOut(splitter, request)) ?? null };
  } catch (error) {
    if (!isFault(error)) throw error;
    return { id: request.id, failed: error.message };
  }
}

function carryOut(splitter: Splitter, request: ControlRequest): Promise<unknown> {
  switch (request.do) {
    case "setBackends":
      return splitter.setBackends(request.side, request.backends);
    case "setWeight":
      return splitter.setWeight(request.weight);
    case "drain":
      return splitter.drain(request.side, { deadlineMs: request.deadlineMs });
    case "takeBlock":
      return splitter.takeBlock();
    case "configure":
      return splitter.configure(request.config);
    case "status":
      return splitter.status();
    case "close":
      return splitter.close();
    default:
      return unreachable(request);
  }
}
