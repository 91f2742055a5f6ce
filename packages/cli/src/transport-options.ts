import { readFile } from "node:fs/promises";
import { Fault } from "@lithify/fault";
import type { Platform, TransportOptions } from "@lithify/oci";
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

/** Options of a command that looks at one image: of an index, one of its members. */
export const imageOptions: readonly Option[] = [
  {
    flags: "--platform <os/arch>",
    about: "the member of an index, this machine's when left out: OS/ARCHITECTURE[/VARIANT]",
  },
  ...transportOptions,
];

/** What the transports need of a call. @throws Fault USAGE for a wrong --platform, or a file of --ca that cannot be read */
export async function readTransportOptions(
  context: Context,
  options: Options,
): Promise<TransportOptions> {
  const file = options.text("ca");
  const ca = file === undefined ? {} : { ca: await authorities(file) };
  const platform = options.text("platform");
  return {
    own: await context.wire.store(),
    env: context.env,
    signal: context.signal,
    insecure: options.isSet("insecure"),
    ...ca,
    ...(platform === undefined ? {} : { platform: platformOf(platform) }),
  };
}

function platformOf(text: string): Platform {
  const [os, architecture, variant, ...more] = text.split("/");
  if (os && architecture && variant !== "" && more.length === 0)
    return { os, architecture, ...(variant === undefined ? {} : { variant }) };
  throw new Fault("USAGE", "--platform", {
    why: "it is not OS/ARCHITECTURE[/VARIANT]",
    values: { platform: text },
  });
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
