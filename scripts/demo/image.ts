import { bytes } from "../../packages/cli/src/style.ts";
import { expect } from "./expect.ts";
import { baseContext, copyExample, get, type World } from "./world.ts";

interface BuildDocument {
  readonly digest: string;
  readonly cached: number;
  readonly seconds: number;
  readonly layers: readonly { readonly size: number }[];
}

export async function assembleBase({ lithify }: World): Promise<string> {
  const { document } = await lithify<BuildDocument & { readonly unchanged: boolean }>(
    "gateway",
    "image",
  );
  const size = document.layers.reduce((sum, layer) => sum + layer.size, 0);
  const how = document.unchanged ? "unchanged since the last run" : "from distribution packages";
  return `${document.layers.length} layers, ${bytes(size)}, ${how}`;
}

export async function buildExample(world: World): Promise<string> {
  const { document } = await build(world, "echo:mutable", copyExample(world, "project"));
  const again = await build(world, "echo:again", copyExample(world, "another-place"));
  expect(again.document.digest === document.digest, "a second build gives the same digest");
  world.screen.line(`echo:mutable ${document.digest}`);
  world.screen.line(
    `built again from another directory: the same digest, ${again.document.cached} steps cached, ${again.seconds.toFixed(2)} s`,
  );
  return `${document.layers.length} layers, ${document.cached} steps cached`;
}

export function build(world: World, tag: string, directory: string) {
  return world.lithify<BuildDocument>(
    "build",
    directory,
    "-t",
    tag,
    "--build-context",
    baseContext,
  );
}

export async function runMutable(world: World): Promise<string> {
  return callEcho(
    world,
    await runPublished(world, "echo:mutable", "--mutable", "--name", "mutable"),
  );
}

/** Runs an image; the free port of this machine where its 8080 is published. */
export async function runPublished(world: World, ...args: readonly string[]): Promise<number> {
  const { document } = await world.lithify<{
    readonly published: readonly { readonly hostPort: number }[];
  }>("run", ...args, "--publish", "0:8080");
  return document.published[0]?.hostPort ?? 0;
}

/** Calls the service and checks the answer. */
export async function callEcho(world: World, port: number): Promise<string> {
  const { status, type, body } = await get(port, "/stillmutable");
  world.screen.line(`GET /stillmutable → ${status} ${type} ${body}`);
  expect(status === 200 && body === '{"method":"GET","uri":"/stillmutable"}', "the echo answers");
  return `${status} ${body}`;
}
