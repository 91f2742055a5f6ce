import type { Socket } from "node:net";

/**
 * Shows the first bytes of a connection to `look` until it decides, which it does by giving what is
 * to be done then. The bytes stay unread, as if nobody had looked.
 */
export function lookAhead(socket: Socket, look: (bytes: Buffer) => (() => void) | undefined): void {
  let collected: Buffer = Buffer.alloc(0);
  const listen = (bytes: Buffer): void => {
    collected = collected.length === 0 ? bytes : Buffer.concat([collected, bytes]);
    const decision = look(collected);
    if (decision === undefined) return;
    socket.off("data", listen);
    socket.off("end", leave);
    socket.pause();
    socket.unshift(collected);
    decision();
  };
  const leave = (): void => void socket.destroy();
  socket.on("data", listen);
  socket.on("end", leave);
}
