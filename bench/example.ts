import { createCipheriv } from "node:crypto";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { exampleDirectory } from "./checkout.ts";

/** The port of the example's configuration as it is in the checkout. */
export const examplePort = 8080;

const listener = join("src/config/echo/echo.cfg");

/** A copy of the example with group write, as a checkout under umask 002 has it. */
export function copyExample(destination: string): string {
  cpSync(exampleDirectory, destination, { recursive: true });
  widen(destination);
  return destination;
}

/** Lets the copy listen on another port, so that nothing on the machine is in its way. */
export function movePort(copy: string, port: number): void {
  const file = join(copy, listener);
  const text = readFileSync(file, "utf8");
  const line = new RegExp(`^(\\s*port) ${examplePort}$`, "m");
  if (!line.test(text)) throw new Error(`${listener} has no line "port ${examplePort}"`);
  writeFileSync(file, text.replace(line, `$1 ${port}`));
}

/**
 * Adds files to the copy's scripts that do not shrink by compression: the same bytes every time,
 * from a cipher over zeros.
 */
export function addFiles(
  copy: string,
  amount: { readonly files: number; readonly bytesEach: number },
): void {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, 1), Buffer.alloc(16));
  const folder = join(copy, "src/local/echo/assets");
  mkdirSync(folder);
  for (let number = 0; number < amount.files; number++)
    writeFileSync(join(folder, `asset-${number}`), cipher.update(Buffer.alloc(amount.bytesEach)));
  widen(folder);
}

/** The part of Dockerfile.immutable's RUN that changes modes, on top of an image that has been built. */
export function chmodDockerfile(from: string): string {
  const text = readFileSync(join(exampleDirectory, "Dockerfile.immutable"), "utf8");
  const run = /^RUN set-user drouter \\\n && ((?:.*\\\n)*.*)\nUSER drouter$/m.exec(text)?.[1];
  if (run === undefined)
    throw new Error("Dockerfile.immutable has no RUN with chmod after set-user");
  return `FROM ${from}\nUSER root\nRUN ${run}\nUSER drouter\n`;
}

function widen(path: string): void {
  const stat = statSync(path);
  chmodSync(path, stat.isDirectory() ? 0o775 : 0o664);
  if (stat.isDirectory()) for (const name of readdirSync(path)) widen(join(path, name));
}
