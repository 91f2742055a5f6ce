import { mountedProbe } from "../proof/carried-node.ts";

type Carried = Parameters<typeof mountedProbe>[0];

/**
 * A first process that waits until something is written to `file` and then becomes the program: so nothing of it is missed, and the
 * image needs nothing for it. It sees the same environment, user and directory.
 */
export function gateFor(
  carried: Carried,
  command: readonly string[],
  file: string,
): {
  readonly mounts: ReturnType<typeof mountedProbe>["mounts"];
  readonly entrypoint: readonly string[];
} {
  const { mounts, command: start } = mountedProbe({
    ...carried,
    probe: ["--no-warnings", "--input-type=commonjs", "--eval", script, "--", place, ...command],
  });
  return { mounts: [...mounts, { source: file, target: place }], entrypoint: start };
}

const place = "/dev/lithify/gate";

const script = `
const fs = require("node:fs");
const { join, resolve } = require("node:path");
const [gate, name, ...rest] = process.argv.slice(1);
const wait = new Int32Array(new SharedArrayBuffer(4));
while (fs.readFileSync(gate, "utf8") === "") Atomics.wait(wait, 0, 0, 5);
const places = name.includes("/") ? [name] : (process.env.PATH || "").split(":").map((d) => join(d || ".", name));
const isProgram = (path) => { try { fs.accessSync(path, fs.constants.X_OK); return fs.statSync(path).isFile(); } catch { return false; } };
const path = places.find(isProgram);
if (path === undefined) { console.error(name + ": no such program"); process.exit(127); }
process.execve(resolve(path), [name, ...rest], process.env);
`.trim();
