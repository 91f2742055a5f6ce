import { chmodSync, cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../run.ts";
import { type Answer, lithify } from "./command.ts";
import type { Screen } from "./screen.ts";

/** The name that the example's Dockerfile has in FROM, and what stands for it here. */
export const baseContext = "icr.io/cpopen/datapower/datapower-limited=gateway-base";

/** What every step of the demo works with. */
export interface World {
  readonly screen: Screen;
  /** A temporary directory, removed at the end. */
  readonly directory: string;
  readonly lithify: <Document>(...args: readonly string[]) => Promise<Answer<Document>>;
}

/** A store and a state directory of the demo's own, kept for the next run; leftovers of an interrupted run are stopped. */
export async function openWorld(screen: Screen): Promise<World> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "lithify-demo");
  const env = {
    ...process.env,
    LITHIFY_STORE: join(cache, "store"),
    LITHIFY_STATE: "/run/lithify-demo",
    NO_COLOR: "1",
  };
  const directory = mkdtempSync(join(tmpdir(), "lithify-demo-"));
  const call: World["lithify"] = (...args) =>
    lithify(args, { env, onProgress: (line) => screen.progress(line) });
  const world = { screen, directory, lithify: call };
  await closeWorld(world, { keepDirectory: true });
  return world;
}

export async function closeWorld(
  world: World,
  options: { readonly keepDirectory?: boolean } = {},
): Promise<void> {
  const known = await world.lithify<{ rollouts: { name: string }[] }>("rollout", "status");
  for (const { name } of known.document.rollouts) await world.lithify("rollout", "close", name);
  await world.lithify("stop", "--all", "--time", "2");
  if (options.keepDirectory !== true) rmSync(world.directory, { recursive: true, force: true });
}

/** The example project as a checkout under umask 002 has it: everything writable for the group. */
export function copyExample(world: World, name: string): string {
  const target = join(world.directory, name);
  cpSync(join(root, "examples/echo-gateway"), target, { recursive: true });
  for (const entry of readdirSync(target, { recursive: true, withFileTypes: true }))
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o775 : 0o664);
  return target;
}

/** What a GET of this path answers; tries again until the deadline while nobody listens. */
export async function get(
  port: number,
  path: string,
  deadlineMs = 10_000,
): Promise<{ readonly status: number; readonly type: string; readonly body: string }> {
  const until = Date.now() + deadlineMs;
  for (;;) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      const type = response.headers.get("content-type") ?? "";
      return { status: response.status, type, body: await response.text() };
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
