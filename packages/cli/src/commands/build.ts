import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type BuildProgress, type BuildResult, buildImage } from "@lithify/build";
import { Fault } from "@lithify/fault";
import type { CommandSpec, Options } from "../command.ts";
import type { Context } from "../context.ts";
import { parsePairs } from "../pairs.ts";
import { bytes, table } from "../style.ts";

export const command: CommandSpec = {
  args: "[context]",
  options: [
    { flags: "-t, --tag <ref>", about: "name of the image in the store", isRequired: true },
    { flags: "-f, --file <path>", about: "the Dockerfile (CONTEXT/Dockerfile)" },
    {
      flags: "--build-arg <pair>",
      about: "NAME=value; NAME takes it from the environment",
      isList: true,
    },
    {
      flags: "--build-context <pair>",
      about: "NAME=IMAGE or NAME=DIR: what stands for NAME in FROM and --from",
      isList: true,
    },
    { flags: "--target <stage>", about: "the stage to build" },
    { flags: "--platform <platform>", about: "linux/amd64 and the like" },
    { flags: "--secret <spec>", about: "id=NAME,src=FILE", isList: true },
    { flags: "--no-cache", about: "run every step again" },
  ],
  examples: [
    "lithify build examples/echo-gateway -t echo:mutable --build-context icr.io/cpopen/datapower/datapower-limited=gateway-base",
  ],
  async run(context, args, options) {
    const store = await context.wire.store();
    const tag = options.text("tag") ?? "";
    const directory = resolve(context.cwd, args[0] ?? ".");
    const result = await buildImage({
      store,
      runner: context.wire.runner,
      contextDirectory: directory,
      buildArgs: buildArguments(options.list("buildArg"), context.env),
      buildContexts: new Map(parsePairs(options.list("buildContext"), "--build-context")),
      secrets: await secretsOf(options.list("secret"), context.cwd),
      noCache: !options.isOn("cache"),
      progress: (event) => report(context, event),
      signal: context.signal,
      ...given("dockerfile", dockerfileOf(context, options)),
      ...given("target", options.text("target")),
      ...given("platform", options.text("platform")),
      ...given("sourceDateEpoch", sourceDateEpoch(context.env)),
    });
    await store.tag(tag, result.image);
    return {
      exitCode: 0,
      document: {
        ref: tag,
        digest: result.image.digest,
        layers: result.layers,
        cached: result.cached,
        seconds: result.seconds,
      },
      lines: lines(tag, result, context),
    };
  },
};

function lines(tag: string, result: BuildResult, context: Context): readonly string[] {
  const { style } = context;
  return [
    ...table(
      result.layers.map((layer) => [
        style.dim(layer.digest.slice(7, 19)),
        bytes(layer.size),
        layer.createdBy.replace(/\s+/g, " ").slice(0, 90),
      ]),
      [1],
    ),
    `${style.good("built")} ${tag} ${result.image.digest} in ${result.seconds.toFixed(1)} s, ${result.cached} steps cached`,
  ];
}

function report(context: Context, event: BuildProgress): void {
  if (event.kind === "step") context.progress.step(`${event.stage}: ${event.text.split("\n")[0]}`);
  if (event.kind === "output") context.progress.note(event.line);
  if (event.kind === "warning") context.progress.note(`warning: ${event.text}`);
}

function dockerfileOf(context: Context, options: Options): string | undefined {
  const file = options.text("file");
  return file === undefined ? undefined : resolve(context.cwd, file);
}

function buildArguments(
  list: readonly string[],
  env: NodeJS.ProcessEnv,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const text of list) {
    const at = text.indexOf("=");
    const value = at < 0 ? env[text] : text.slice(at + 1);
    if (value !== undefined) found.set(at < 0 ? text : text.slice(0, at), value);
  }
  return found;
}

/** `id=NAME,src=FILE`, as BuildKit's --secret. */
async function secretsOf(
  list: readonly string[],
  cwd: string,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const secrets = new Map<string, Uint8Array>();
  for (const text of list) {
    const fields = new Map(parsePairs(text.split(","), "--secret"));
    const file = fields.get("src") ?? fields.get("source");
    const id = fields.get("id");
    if (id === undefined || file === undefined)
      throw new Fault("USAGE", "--secret", {
        why: "it takes id=NAME,src=FILE",
        values: { secret: text },
      });
    try {
      secrets.set(id, await readFile(resolve(cwd, file)));
    } catch (error) {
      throw new Fault("USAGE", "--secret", {
        why: "its file cannot be read",
        values: { file },
        cause: error,
      });
    }
  }
  return secrets;
}

/** Seconds since 1970, as reproducible-builds.org specifies the variable. */
function sourceDateEpoch(env: NodeJS.ProcessEnv): number | undefined {
  const text = env.SOURCE_DATE_EPOCH;
  if (text === undefined || text === "") return undefined;
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new Fault("USAGE", "SOURCE_DATE_EPOCH", {
    why: "it takes whole seconds since 1970",
    values: { SOURCE_DATE_EPOCH: text },
  });
}

/** A property only when there is a value, for options that may be left out. */
function given<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [key in Name]: Value });
}
