import { constants, openSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { mustRun, type Programs } from "./program.ts";

/** A pipe with a file descriptor for the child to write to. */
export interface ChildPipe {
  /** What the child wrote; ends when the last writer closed. */
  readonly reader: Socket;
  /** To be given to the child as stdio, then closed by the caller. */
  readonly writer: number;
}

/**
 * Makes real pipes for a child's output. The pipes of `spawn` are sockets, and a program that opens
 * /dev/stdout (many log there) gets ENXIO from a socket. `base` is a path in a directory of our own.
 */
export async function openChildPipes(
  programs: Programs,
  base: string,
  count: number,
): Promise<readonly ChildPipe[]> {
  const paths = Array.from({ length: count }, (_, index) => `${base}.${index}`);
  await mustRun("make a pipe", programs.mkfifo, ["-m", "600", ...paths]);
  return paths.map((path) => {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(path, constants.O_WRONLY);
    rmSync(path);
    return { reader: new Socket({ fd, readable: true, writable: false }), writer };
  });
}
