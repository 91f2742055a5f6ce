import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { Fault, isFault } from "@lithify/fault";
import type { Image, Layer } from "@lithify/oci";
import { findBuildContext } from "./build-contexts.ts";
import { directorySource, readIgnoreFile } from "./context/directory-source.ts";
import { expand } from "./dockerfile/expand.ts";
import type { Instruction } from "./dockerfile/instruction.ts";
import { jsonWords } from "./dockerfile/words.ts";
import { flagValue, invalid } from "./instructions/rule.ts";
import { instructionTable } from "./instructions/table.ts";
import { argumentsOf } from "./instructions/variables.ts";
import { throwIfAborted } from "./interruption.ts";
import type { BuildOptions, BuildResult, BuiltLayer } from "./options.ts";
import {
  machinePlatform,
  type PlatformName,
  parsePlatform,
  platformArguments,
} from "./platform.ts";
import {
  findStage,
  parseRecipe,
  parseTrigger,
  type Recipe,
  type StageRecipe,
  targetStage,
} from "./recipe.ts";
import { Stage } from "./stage.ts";
import { Workshop } from "./workshop.ts";

/**
 * Builds a Dockerfile's target stage, and the stages that it needs, into an image without a name. The same
 * Dockerfile, context and options give the same digest wherever and whenever they are built.
 * @throws Fault DOCKERFILE_INVALID, COPY_SOURCE_MISSING, STAGE_UNKNOWN, BASE_UNKNOWN, STEP_FAILED and others
 */
export async function buildImage(options: BuildOptions): Promise<BuildResult> {
  const started = performance.now();
  const dockerfile = options.dockerfile ?? join(options.contextDirectory, "Dockerfile");
  const recipe = parseRecipe(await readDockerfile(dockerfile), shownPath(dockerfile));
  const target = targetStage(recipe, options.target);
  const ignored = await readIgnoreFile(options.contextDirectory, dockerfile);
  const context = directorySource(options.contextDirectory, {
    title: "the build context",
    ignored,
  });
  const build = new Build(options, recipe, context);
  try {
    for (const text of recipe.warnings) build.workshop.report({ kind: "warning", text });
    const stage = await build.finished(target);
    const image = await options.store.writeImage({ config: stage.config(), layers: stage.layers });
    for (const name of build.workshop.unusedArguments())
      build.workshop.report({ kind: "warning", text: `no ARG uses the build argument ${name}` });
    const seconds = (performance.now() - started) / 1000;
    return { image, layers: builtLayers(image), cached: build.workshop.cached, seconds };
  } finally {
    await build.workshop.close();
  }
}

class Build {
  readonly workshop: Workshop;
  readonly #options: BuildOptions;
  readonly #recipe: Recipe;
  readonly #platform: PlatformName;
  readonly #globals: ReadonlyMap<string, string>;
  readonly #stages = new Map<number, Promise<Stage>>();

  constructor(
    options: BuildOptions,
    recipe: Recipe,
    context: ConstructorParameters<typeof Workshop>[1]["context"],
  ) {
    this.#options = options;
    this.#recipe = recipe;
    this.#platform =
      options.platform === undefined ? machinePlatform() : parsePlatform(options.platform);
    this.#globals = globalArguments(recipe, options, this.#platform);
    this.workshop = new Workshop(options, {
      context,
      globals: this.#globals,
      stages: {
        names: recipe.stages.flatMap(({ from }) => from.alias ?? []),
        finished: async (name, asking) => {
          const found = findStage(recipe.stages.slice(0, Math.max(0, asking.index)), name);
          return found === undefined ? undefined : this.finished(found);
        },
      },
    });
    for (const { name } of recipe.globals.flatMap(argumentsOf)) this.workshop.givenArgument(name);
  }

  /** A stage is built when somebody asks for it, and once. */
  finished(recipe: StageRecipe): Promise<Stage> {
    const known = this.#stages.get(recipe.index);
    if (known !== undefined) return known;
    const building = this.#build(recipe);
    this.#stages.set(recipe.index, building);
    return building;
  }

  async #build(recipe: StageRecipe): Promise<Stage> {
    const stage = await this.#open(recipe);
    const triggers = Array.isArray(stage.process.OnBuild)
      ? (stage.process.OnBuild as string[])
      : [];
    delete stage.process.OnBuild;
    for (const trigger of triggers)
      for (const instruction of parseTrigger(trigger, `ONBUILD of ${recipe.from.image}`))
        await this.#apply(stage, instruction);
    for (const instruction of recipe.instructions) await this.#apply(stage, instruction);
    return stage;
  }

  async #apply(stage: Stage, instruction: Instruction): Promise<void> {
    const { workshop } = this;
    const started = performance.now();
    const cachedBefore = workshop.cached;
    throwIfAborted(workshop.options.signal);
    const text = `${instruction.keyword} ${instruction.rest}`;
    workshop.report({ kind: "step", stage: stage.name, line: instruction.place.line, text });
    try {
      if (
        execForms.has(instruction.keyword) &&
        /^\[.*\]$/s.test(instruction.rest) &&
        jsonWords(instruction.rest) === undefined
      )
        workshop.report({
          kind: "warning",
          text: `line ${instruction.place.line}: ${instruction.rest} is not JSON, so a shell gets it`,
        });
      await instructionTable.get(instruction.keyword)?.apply({ instruction, stage, workshop });
    } catch (error) {
      throw placed(error, instruction);
    }
    const seconds = (performance.now() - started) / 1000;
    workshop.report({ kind: "done", cached: workshop.cached > cachedBefore, seconds });
  }

  /** The stage with what its FROM brings. */
  async #open(recipe: StageRecipe): Promise<Stage> {
    const { opening, from } = recipe;
    const scope = {
      value: (name: string) => this.#globals.get(name),
      escaping: opening.escaping,
      place: opening.place,
    };
    const name = expand(from.image, scope);
    if (name === "")
      throw invalid(opening, "the base image's name is empty once variables are expanded");
    const wanted = flagValue(opening, "platform");
    const platform =
      wanted === undefined ? this.#platform : parsePlatform(expand(wanted, scope), opening.place);
    const parts = {
      store: this.#options.store,
      name: from.alias ?? `stage ${recipe.index}`,
      index: recipe.index,
      platform: { os: platform.os, architecture: platform.architecture },
      epoch: this.workshop.epoch,
    };
    if (name === "scratch") return new Stage(parts);
    const base = await this.#base(name, recipe, platform);
    return new Stage({ ...parts, base });
  }

  async #base(name: string, recipe: StageRecipe, platform: PlatformName): Promise<Image> {
    const { store, buildContexts } = this.#options;
    const place = recipe.opening.place;
    const context = await findBuildContext(buildContexts ?? new Map(), name, store);
    if (context?.kind === "directory")
      throw new Fault("BUILD_CONTEXT_INVALID", `FROM ${name}`, {
        why: "its build context is a directory",
        place,
      });
    const earlier = findStage(this.#recipe.stages.slice(0, recipe.index), name);
    if (
      context === undefined &&
      earlier !== undefined &&
      earlier.from.alias === name.toLowerCase()
    ) {
      const stage = await this.finished(earlier);
      return store.writeImage({ config: stage.config(), layers: stage.layers });
    }
    const image = context?.image ?? (await store.find(name));
    if (image === undefined)
      throw new Fault("BASE_UNKNOWN", `FROM ${name}`, {
        why: "the store has no such image",
        hint: `put an image in its place with --build-context ${name}=IMAGE`,
        place,
      });
    if (image.config.architecture !== platform.architecture || image.config.os !== platform.os)
      throw new Fault("BASE_UNKNOWN", `FROM ${name} for ${platform.os}/${platform.architecture}`, {
        why: `the image is for ${image.config.os}/${image.config.architecture}`,
        hint: "name an image for this platform, or build for the image's with --platform",
        place,
      });
    return image;
  }
}

/** Wrong input without a place of its own stands where the instruction does. */
function placed(error: unknown, { place }: Instruction): unknown {
  if (!isFault(error) || error.place !== undefined || error.exitCode !== 2) return error;
  const { code, what, why, values, hint } = error;
  return new Fault(code, what, {
    hint,
    place,
    cause: error,
    ...(why === undefined ? {} : { why }),
    ...(values === undefined ? {} : { values }),
  });
}

/** Instructions that take a command as JSON or for the shell. */
const execForms: ReadonlySet<string> = new Set(["RUN", "CMD", "ENTRYPOINT"]);

async function readDockerfile(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).replace(/^\uFEFF/, "");
  } catch (error) {
    throw new Fault("DOCKERFILE_MISSING", `the Dockerfile ${file}`, {
      why: (error as NodeJS.ErrnoException).code ?? String(error),
      cause: error,
    });
  }
}

function shownPath(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith("..") ? file : path;
}

function globalArguments(
  recipe: Recipe,
  options: BuildOptions,
  platform: PlatformName,
): ReadonlyMap<string, string> {
  const values = new Map(platformArguments(platform));
  for (const instruction of recipe.globals)
    for (const { name, preset } of argumentsOf(instruction)) {
      const { escaping, place } = instruction;
      const own =
        preset === undefined
          ? undefined
          : expand(preset, { value: (other) => values.get(other), escaping, place });
      const value = options.buildArgs?.get(name) ?? own;
      if (value !== undefined) values.set(name, value);
    }
  return values;
}

function builtLayers(image: Image): readonly BuiltLayer[] {
  const made = (image.config.history ?? []).filter((entry) => entry.empty_layer !== true);
  const offset = image.layers.length - made.length;
  return image.layers.map(({ digest, diffId, descriptor }: Layer, index) => ({
    digest,
    diffId,
    size: descriptor.size,
    createdBy: made[index - offset]?.created_by ?? "",
  }));
}
