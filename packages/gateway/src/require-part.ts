import { createRequire } from "node:module";

/**
 * A synchronous loader for parts of this package that are loaded when they are needed, by the name of
 * their source: `requirePart(import.meta.url)("./slm.ts")`. In the compiled package it is `./slm.js`.
 */
export function requirePart(from: string): (source: `${string}.ts`) => unknown {
  const require = createRequire(from);
  const isSource = from.endsWith(".ts");
  return (source) => require(isSource ? source : source.replace(/\.ts$/, ".js"));
}
