import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./checkout.ts";
import { command } from "./commands.ts";

/**
 * One run's temporary directory and everything that has to be ended with it. `close` ends what was
 * deferred, last first, takes mounts below the directory away and removes it; a part that fails does
 * not keep the others from it.
 */
export class Workplace {
  readonly directory = mkdtempSync(join(tmpdir(), "lithify-bench-"));
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  readonly #deferred: (readonly [string, () => Promise<void>])[] = [];

  constructor(options: { readonly signal: AbortSignal; readonly say: (line: string) => void }) {
    this.signal = options.signal;
    this.say = options.say;
  }

  path(...parts: readonly string[]): string {
    return join(this.directory, ...parts);
  }

  /** `end` is called by `close`, whatever happens before. */
  defer(what: string, end: () => Promise<void>): void {
    this.#deferred.push([what, end]);
  }

  async close(): Promise<void> {
    for (const [what, end] of this.#deferred.splice(0).reverse()) await this.#attempt(what, end);
    for (const mount of mountsBelow(this.directory))
      await this.#attempt(`unmounting ${mount}`, async () => {
        await command("umount", ["-l", mount]);
      });
    if (mountsBelow(this.directory).length === 0)
      await this.#attempt("removing the temporary directory", async () =>
        rmSync(this.directory, { recursive: true, force: true }),
      );
  }

  /** Text without the paths of this machine. */
  scrub(text: string): string {
    return text.replaceAll(this.directory, "DIR").replaceAll(root, ".");
  }

  async #attempt(what: string, end: () => Promise<void>): Promise<void> {
    try {
      await end();
    } catch (error) {
      this.say(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** Deepest first. */
function mountsBelow(directory: string): readonly string[] {
  return readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => (line.split(" ")[1] ?? "").replace(/\\040/g, " "))
    .filter((path) => path.startsWith(`${directory}/`))
    .sort((a, b) => b.length - a.length);
}

/** A port of the loopback interface that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject).listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
