import { readFile } from "node:fs/promises";
import { Fault } from "@lithify/fault";
import type { TransportOptions } from "@lithify/oci";
import type { Option, Options } from "./command.ts";
import type { Context } from "./context.ts";

/** Options of every command that reaches registries. */
export const transportOptions: readonly Option[] = [
  { flags: "--insecure", about: "plain HTTP to a registry on this machine's loopback" },
  {
    flags: "--ca <file>",
    about: "certificates (PEM) of an authority to trust besides the known ones",
  },
];

/** What the transports need of a call. @throws Fault USAGE when the file of --ca cannot be read */
export async function readTransportOptions(
  context: Context,
  options: Options,
): Promise<TransportOptions> {
  const file = options.text("ca");
  const ca = file === undefined ? {} : { ca: await authorities(file) };
  return {
    own: await context.wire.store(),
    env: context.env,
    signal: context.signal,
    insecure: options.isSet("insecure"),
    ...ca,
  };
}

async function authorities(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new Fault("USAGE", "the file of --ca", {
      why: (error as Error).message,
      values: { path },
      cause: error,
    });
  }
}
