import { readFileSync, rmSync } from "node:fs";
import { isFault } from "@lithify/fault";
import { serveControls } from "./control.ts";
import type { SplitterProcessConfig } from "./detached.ts";
import { connectSplitter } from "./remote.ts";
import { openSplitter } from "./splitter.ts";

/** How long requests may take to end when the process is told to stop. */
const stopDrainMs = 10_000;

await run(JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as SplitterProcessConfig);

/** The splitter's own process: it serves until it is told to close or gets SIGTERM. */
async function run(config: SplitterProcessConfig): Promise<void> {
  try {
    if (await answersAlready(config.socket)) process.exit(0);
    const splitter = await openSplitter(config.listen, config.config);
    if (await answersAlready(config.socket)) process.exit(0);
    rmSync(config.socket, { force: true });
    await serveControls(splitter, config.socket, () => end(config.socket));
    process.on("SIGTERM", async () => {
      await Promise.all(
        (["stable", "canary"] as const).map((side) =>
          splitter.drain(side, { deadlineMs: stopDrainMs }),
        ),
      );
      end(config.socket);
    });
    // Of the terminal that started it, it is independent.
    process.on("SIGHUP", () => {});
    process.on("SIGINT", () => {});
  } catch (error) {
    if (!isFault(error)) throw error;
    process.stderr.write(`${JSON.stringify(error)}\n`);
    process.exit(3);
  }
}

/** A controller that was killed while it started a splitter has left one that comes up all the same. */
async function answersAlready(socket: string): Promise<boolean> {
  const other = await connectSplitter(socket);
  other?.disconnect();
  return other !== undefined;
}

function end(socket: string): void {
  rmSync(socket, { force: true });
  process.exit(0);
}
