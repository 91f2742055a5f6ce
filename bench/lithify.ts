import { mkdirSync } from "node:fs";
import type { Builder } from "./builder.ts";
import { baseName, lithifyProgram } from "./checkout.ts";
import { command, type Finished } from "./commands.ts";
import type { Workplace } from "./workplace.ts";

/** The command with a store and a state of its own. */
export class Lithify {
  readonly env: NodeJS.ProcessEnv;
  readonly #signal: AbortSignal;

  constructor(env: NodeJS.ProcessEnv, signal: AbortSignal) {
    this.env = env;
    this.#signal = signal;
  }

  /** Runs the command; 1 is an answer, too (an honest no). */
  async run(args: readonly string[]): Promise<Finished> {
    return command(process.execPath, [lithifyProgram, ...args], {
      env: this.env,
      signal: this.#signal,
      answers: [0, 1],
    });
  }

  /** Runs the command with `--json`: its document and the seconds from start to end. */
  async ask<Document>(
    args: readonly string[],
  ): Promise<{ readonly document: Document; readonly seconds: number }> {
    const { stdout, seconds } = await this.run([...args, "--json"]);
    const document: Document = JSON.parse(stdout);
    return { document, seconds };
  }

  /** The same command with another, empty store. */
  withStore(directory: string): Lithify {
    return new Lithify({ ...this.env, LITHIFY_STORE: directory }, this.#signal);
  }
}

/** The command with its store and state in the workplace; instances left over are stopped at the end. */
export function openLithify(workplace: Workplace): Lithify {
  const state = workplace.path("state");
  mkdirSync(state);
  const env = { ...process.env, LITHIFY_STORE: workplace.path("store"), LITHIFY_STATE: state };
  workplace.defer("stopping instances", async () => {
    await new Lithify(env, new AbortController().signal).run(["stop", "--all", "--time", "2"]);
  });
  return new Lithify(env, workplace.signal);
}

/** The tag of the gateway's base image in our store. */
export const baseTag = "gateway-base";

export function lithifyBuilder(lithify: Lithify): Builder {
  return {
    name: "lithify",
    hasStepCache: true,
    reference: (tag) => tag,
    build: async ({ context, dockerfile, tag, isCold }) =>
      lithify.run([
        ...["build", context, "--file", dockerfile, "--tag", tag],
        ...["--build-context", `${baseName}=${baseTag}`],
        ...(isCold ? ["--no-cache"] : []),
      ]),
    identity: async (tag) =>
      (await lithify.ask<{ digest: string }>(["inspect", tag])).document.digest,
    exportTo: async (tag, layout) => {
      await lithify.run(["copy", tag, `oci:${layout}:image`]);
    },
  };
}
