import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@lithify/fault";
import type { Image, Store } from "@lithify/oci";
import { BuildCache, cacheKey } from "../cache.ts";
import { layersSource } from "../context/layers-source.ts";
import { Draft } from "../copy/draft.ts";
import { throwIfAborted } from "../interruption.ts";
import { type Content, type LayerEntry, noXattrs } from "../layer/entry.ts";
import { Spool } from "../layer/spool.ts";
import { type LayerStep, takeLayerStep } from "../layer-step.ts";
import { machinePlatform } from "../platform.ts";
import { defaultPath, Stage } from "../stage.ts";
import { applets } from "./applets.ts";
import { gatewayFiles } from "./gateway-files.ts";
import { gatewayUser, heapVariables, nodePath } from "./layout.ts";
import { checkLibraries } from "./libraries.ts";
import { droppedFiles, packageLayer } from "./package-layer.ts";
import { currentPackages, fetchPackages } from "./packages.ts";

/** Part of the keys: changes when the same packages would be laid out in another way. */
const layoutVersion = 1;

export interface BaseOptions {
  readonly store: Store;
  /** The folder of the package @lithify/gateway. */
  readonly gatewayDirectory: string;
  /** The folder of the package @lithify/fault, which the gateway needs. */
  readonly faultDirectory: string;
  /** The Node program that goes into the image: `process.execPath`. */
  readonly nodeBinary: string;
  readonly progress?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Makes the gateway's base image of the distribution's packages, this Node and the gateway, in three layers.
 * The same packages, Node and gateway give the same digest; layers that are there already are taken as they are.
 * @throws Fault PACKAGE_CLIENT_MISSING, PACKAGE_UNAVAILABLE, BASE_INCOMPLETE
 */
export async function assembleGatewayBase(options: BaseOptions): Promise<Image> {
  const assembly = new Assembly(options);
  try {
    const packages = await assembly.addPackages();
    const node = await assembly.addNode();
    await assembly.checkLibraries([packages, node]);
    await assembly.addGateway();
    return await assembly.finish();
  } finally {
    await assembly.close();
  }
}

class Assembly {
  readonly #options: BaseOptions;
  readonly #stage: Stage;
  readonly #cache: BuildCache;
  readonly #spool: Spool;
  readonly #progress: (line: string) => void;

  constructor(options: BaseOptions) {
    this.#options = options;
    this.#stage = new Stage({
      store: options.store,
      name: "gateway base",
      platform: machinePlatform(),
      epoch: 0,
    });
    this.#cache = new BuildCache(options.store, { reads: true });
    this.#spool = new Spool(join(options.store.cacheDirectory("build"), "temporary"));
    this.#progress = options.progress ?? (() => {});
  }

  async addPackages(): Promise<string> {
    const { store, signal } = this.#options;
    const options = {
      directory: store.cacheDirectory("packages"),
      progress: this.#progress,
      ...(signal === undefined ? {} : { signal }),
    };
    const packages = await currentPackages(options);
    const key = cacheKey(["base packages", layoutVersion, packages, applets, droppedFiles]);
    await this.#take({
      key,
      createdBy: `packages ${packages.map(({ file }) => decodeURIComponent(file.replace(/_[^_]*\.deb$/, ""))).join(" ")}`,
      compression: "zstd",
      make: async () => {
        const files = await fetchPackages(packages, options);
        this.#progress(`reading ${files.length} packages`);
        return { entries: await packageLayer(files, this.#spool, signal) };
      },
    });
    return key;
  }

  async addNode(): Promise<string> {
    const { nodeBinary } = this.#options;
    const digest = await digestOfFile(nodeBinary);
    const key = cacheKey(["base node", layoutVersion, digest]);
    await this.#take({
      key,
      createdBy: `node ${process.execPath === nodeBinary ? process.version : digest}`,
      compression: "zstd",
      make: async () => {
        this.#progress("compressing the Node program");
        return { entries: [await nodeEntry(nodeBinary)] };
      },
    });
    return key;
  }

  /** Once per pair of packages and Node: the answer is remembered as a step that changes nothing. */
  async checkLibraries(keys: readonly string[]): Promise<void> {
    const key = cacheKey(["base libraries", ...keys]);
    if ((await this.#cache.find(key)).answer === "nothing") return;
    this.#progress("checking the libraries that Node needs");
    const stage = this.#stage;
    const image = layersSource({
      title: "the base image",
      layers: stage.layers,
      files: () => stage.files(),
      spool: this.#spool,
    });
    await checkLibraries(this.#options.nodeBinary, image);
    await this.#cache.record(key, undefined);
  }

  async addGateway(): Promise<void> {
    const { gatewayDirectory, faultDirectory } = this.#options;
    const files = await gatewayFiles({ gatewayDirectory, faultDirectory });
    await this.#take({
      key: cacheKey([
        "base gateway",
        layoutVersion,
        this.#stage.layers[0]?.diffId,
        files.fingerprint,
      ]),
      createdBy: "gateway",
      make: async () => {
        const draft = new Draft(await this.#stage.files(), { file: gatewayDirectory, line: 1 });
        await files.put(draft);
        return { entries: draft.entries };
      },
    });
  }

  finish(): Promise<Image> {
    Object.assign(this.#stage.process, {
      Env: [`PATH=${defaultPath}`, ...Object.entries(heapVariables).map((pair) => pair.join("="))],
      User: gatewayUser.name,
      WorkingDir: "/",
      Entrypoint: ["/bin/drouter"],
      StopSignal: "SIGTERM",
      Labels: {
        "org.opencontainers.image.title": "lithify gateway base",
        "org.opencontainers.image.description":
          "A gateway that serves an unmodified DataPower configuration tree",
        "org.opencontainers.image.licenses": "Apache-2.0",
      },
    });
    const { store } = this.#options;
    return store.writeImage({ config: this.#stage.config(), layers: this.#stage.layers });
  }

  close(): Promise<void> {
    return this.#spool.close();
  }

  async #take(step: LayerStep): Promise<void> {
    throwIfAborted(this.#options.signal);
    const { store } = this.#options;
    await takeLayerStep(this.#stage, step, { store, cache: this.#cache, epoch: 0 });
  }
}

async function nodeEntry(file: string): Promise<LayerEntry> {
  const { size } = await stat(file);
  const content: Content = {
    async *open() {
      for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }))
        yield chunk as Uint8Array;
    },
  };
  return {
    ...{ path: nodePath, type: "file", mode: 0o755, uid: 0, gid: 0, size },
    xattrs: noXattrs,
    content,
  };
}

async function digestOfFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }))
      hash.update(chunk as Uint8Array);
  } catch (error) {
    throw new Fault("BASE_INCOMPLETE", `the Node program ${file}`, {
      why: (error as NodeJS.ErrnoException).code ?? String(error),
      cause: error,
    });
  }
  return hash.digest("hex");
}
