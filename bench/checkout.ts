import { join } from "node:path";

/** The checkout's root, absolute. */
export const root = join(import.meta.dirname, "..");

/** The command as it is started everywhere in here: the pinned Node and the command's own file. */
export const lithifyProgram = join(root, "packages/cli/bin/lithify.js");

export const exampleDirectory = join(root, "examples/echo-gateway");

/** The name that the example's Dockerfiles have in FROM. */
export const baseName = "icr.io/cpopen/datapower/datapower-limited:10.6.0.0";
