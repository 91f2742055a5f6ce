import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Fault, suggestion } from "@lithify/fault";
import type { Image } from "@lithify/oci";
import { type BuildContext, findBuildContext } from "./build-contexts.ts";
import { BuildCache } from "./cache.ts";
import { directorySource } from "./context/directory-source.ts";
import { layersSource } from "./context/layers-source.ts";
import { resolvePath } from "./context/resolve.ts";
import type { Source } from "./context/source.ts";
import { type Owner, resolveOwner } from "./copy/owner.ts";
import type { Instruction } from "./dockerfile/instruction.ts";
import { throwIfAborted } from "./interruption.ts";
import { Spool } from "./layer/spool.ts";
import { temporaryDirectory } from "./layer/temporary.ts";
import { type LayerStep, takeLayerStep } from "./layer-step.ts";
import type { BuildOptions, BuildProgress } from "./options.ts";
import { Stage } from "./stage.ts";

/** What the build must know of its stages to answer for their names. */
export interface StageDirectory {
  /** The finished stage of this name or number above the one that asks; undefined when there is none. */
  readonly finished: (name: string, asking: Stage) => Promise<Stage | undefined>;
  readonly names: readonly string[];
}

/** Bytes of a file that a build reads whole: /etc/passwd and /etc/group. */
const maximumTextSize = 1 << 20;

/** What all instructions of one build share: cache, sources, variables, temporary files. */
export class Workshop {
  readonly options: BuildOptions;
  readonly epoch: number;
  readonly spool: Spool;
  readonly proxyArguments: ReadonlyMap<string, string>;
  readonly #cache: BuildCache;
  readonly #context: Source;
  readonly #stages: StageDirectory;
  readonly #globals: ReadonlyMap<string, string>;
  readonly #used = new Set<string>();
  #scratch: string | undefined;
  /** Steps that the cache answered. */
  cached = 0;

  constructor(
    options: BuildOptions,
    parts: {
      readonly context: Source;
      readonly stages: StageDirectory;
      readonly globals: ReadonlyMap<string, string>;
    },
  ) {
    this.options = options;
    this.epoch = options.sourceDateEpoch ?? 0;
    this.spool = new Spool(join(options.store.cacheDirectory("build"), "temporary"));
    this.#cache = new BuildCache(options.store, { reads: options.noCache !== true });
    this.#context = parts.context;
    this.#stages = parts.stages;
    this.#globals = parts.globals;
    const given = [...(options.buildArgs ?? [])];
    this.proxyArguments = new Map(given.filter(([name]) => proxyNames.has(name.toLowerCase())));
    for (const name of this.proxyArguments.keys()) this.#used.add(name);
  }

  report(event: BuildProgress): void {
    this.options.progress?.(event);
  }

  /** A value of --build-arg; asking for it counts as using it. */
  givenArgument(name: string): string | undefined {
    this.#used.add(name);
    return this.options.buildArgs?.get(name);
  }

  /** The value that an ARG before the first FROM, or the platform, gives a name. */
  globalArgument(name: string): string | undefined {
    return this.#globals.get(name);
  }

  unusedArguments(): readonly string[] {
    return [...(this.options.buildArgs?.keys() ?? [])].filter((name) => !this.#used.has(name));
  }

  /** What the files of a stage and the times in its next layer depend on. */
  stateOf(stage: Stage): readonly unknown[] {
    return [this.epoch, ...stage.layers.map(({ diffId }) => diffId)];
  }

  async layerStep(stage: Stage, step: LayerStep): Promise<void> {
    const { store, signal } = this.options;
    throwIfAborted(signal);
    const parts = { store, cache: this.#cache, epoch: this.epoch };
    if ((await takeLayerStep(stage, step, parts)) === "cached") this.cached++;
  }

  /** @throws Fault OWNER_UNKNOWN */
  owner(stage: Stage, text: string, instruction: Instruction): Promise<Owner> {
    return resolveOwner(text, (path) => this.#readText(stage, path), instruction.place);
  }

  /**
   * The source that --from names: an earlier stage, a build context, an image of the store; without a name
   * the build context itself.
   * @throws Fault STAGE_UNKNOWN
   */
  async source(
    from: string | undefined,
    { instruction, stage: asking }: { readonly instruction: Instruction; readonly stage: Stage },
  ): Promise<Source> {
    if (from === undefined) return this.#context;
    const stage = await this.#stages.finished(from, asking);
    if (stage !== undefined) return this.#stageSource(stage, `the stage ${from}`);
    const named = await this.#named(from);
    if (named?.kind === "directory")
      return directorySource(named.path, { title: `the build context ${from}` });
    if (named !== undefined)
      return this.#stageSource(this.#imageStage(from, named.image), `the image ${from}`);
    throw new Fault("STAGE_UNKNOWN", `--from=${from}`, {
      why: "no stage above, no build context and no image in the store has this name",
      hint:
        suggestion(from, this.#stages.names) ??
        `name an image for it with --build-context ${from}=IMAGE`,
      place: instruction.place,
    });
  }

  async scratchDirectory(): Promise<string> {
    const parent = join(this.options.store.cacheDirectory("build"), "temporary");
    this.#scratch ??= await temporaryDirectory(parent, "mounts");
    return this.#scratch;
  }

  async close(): Promise<void> {
    await this.spool.close();
    if (this.#scratch !== undefined) await rm(this.#scratch, { recursive: true, force: true });
  }

  async #named(name: string): Promise<BuildContext | undefined> {
    const { store, buildContexts } = this.options;
    const found = await findBuildContext(buildContexts ?? new Map(), name, store);
    if (found !== undefined) return found;
    const image = await store.find(name).catch(() => undefined);
    return image === undefined ? undefined : { kind: "image", image };
  }

  #imageStage(name: string, image: Image): Stage {
    const { os, architecture } = image.config;
    const { store } = this.options;
    return new Stage({
      store,
      name,
      base: image,
      platform: { os, architecture },
      epoch: this.epoch,
    });
  }

  #stageSource(stage: Stage, title: string): Source {
    const { layers } = stage;
    return layersSource({ title, layers, files: () => stage.files(), spool: this.spool });
  }

  async #readText(stage: Stage, path: string): Promise<string | undefined> {
    const files = await stage.files();
    const real = resolvePath(path, (at) => files.at(at));
    const source = this.#stageSource(stage, "the stage");
    const node = await source.at(real);
    if (node?.type !== "file" || node.size > maximumTextSize) return undefined;
    const chunks: Uint8Array[] = [];
    const content = (await source.contents([node])).get(real);
    for await (const chunk of content?.open() ?? []) chunks.push(chunk);
    return Buffer.concat(chunks).toString("utf8");
  }
}

/** Build arguments that every RUN sees without an ARG, and that change no key. */
const proxyNames = new Set(["http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"]);
