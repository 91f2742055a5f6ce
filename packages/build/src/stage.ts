import type { HistoryEntry, Image, ImageConfig, Layer, ProcessConfig, Store } from "@lithify/oci";
import { entriesOf } from "./layer/entry-list.ts";
import { FileIndex } from "./layer/file-index.ts";
import type { WrittenLayer } from "./layer/write-layer.ts";

/** The PATH that a container gets when its image names none. */
export const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export type MutableProcess = { -readonly [Key in keyof ProcessConfig]: ProcessConfig[Key] };

/** A stage while it is being built: configuration, layers, history, and its files when somebody asks. */
export class Stage {
  readonly name: string;
  /** Its place among the Dockerfile's stages; -1 for what is none of them. */
  readonly index: number;
  readonly process: MutableProcess;
  readonly args = new Map<string, string>();
  readonly layers: Layer[];
  readonly history: HistoryEntry[];
  readonly #store: Store;
  readonly #base: Image | undefined;
  readonly #created: string;
  readonly #platform: { readonly os: string; readonly architecture: string };
  #files = new FileIndex();
  #applied = 0;
  author: string | undefined;
  /** True once this stage itself had a CMD: ENTRYPOINT then leaves it alone. */
  commandIsOwn = false;

  constructor(options: {
    readonly store: Store;
    readonly name: string;
    readonly index?: number;
    readonly base?: Image;
    readonly platform: { readonly os: string; readonly architecture: string };
    readonly epoch: number;
  }) {
    this.name = options.name;
    this.index = options.index ?? -1;
    this.#store = options.store;
    this.#base = options.base;
    this.#platform = options.platform;
    this.#created = new Date(options.epoch * 1000).toISOString().replace(".000Z", "Z");
    this.process = { ...(options.base?.config.config ?? emptyProcess()) };
    this.layers = [...(options.base?.layers ?? [])];
    this.history = [...(options.base?.config.history ?? [])];
    this.author = options.base?.config.author;
  }

  /** The image's environment by name. */
  get env(): ReadonlyMap<string, string> {
    return new Map(
      (this.process.Env ?? []).map((pair) => {
        const at = pair.indexOf("=");
        return at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
      }),
    );
  }

  get workingDirectory(): string {
    return this.process.WorkingDir || "/";
  }

  get shell(): readonly string[] {
    const shell = this.process.Shell;
    return Array.isArray(shell) && shell.length > 0 ? shell : ["/bin/sh", "-c"];
  }

  /** An instruction that changed the configuration only. */
  note(createdBy: string): void {
    this.history.push({ ...this.#historyEntry(createdBy), empty_layer: true });
  }

  addLayer(layer: Layer | WrittenLayer, createdBy: string): void {
    const written = "entries" in layer ? layer : undefined;
    const index = this.layers.push(written?.layer ?? (layer as Layer)) - 1;
    this.history.push(this.#historyEntry(createdBy));
    if (written !== undefined && this.#applied === index) {
      this.#files.apply(written.entries, index);
      this.#applied = index + 1;
    }
  }

  /** The merged files of all layers so far. */
  async files(): Promise<FileIndex> {
    while (this.#applied < this.layers.length) {
      const layer = this.layers[this.#applied] as Layer;
      this.#files.apply(await entriesOf(this.#store, layer), this.#applied++);
    }
    return this.#files;
  }

  config(): Omit<ImageConfig, "rootfs"> {
    const { rootfs: _, ...inherited } = this.#base?.config ?? { rootfs: undefined };
    return {
      ...inherited,
      ...this.#platform,
      created: this.#created,
      ...(this.author === undefined ? {} : { author: this.author }),
      config: this.process,
      history: this.history,
    };
  }

  #historyEntry(createdBy: string): HistoryEntry {
    return { created: this.#created, created_by: createdBy, comment: "lithify" };
  }
}

function emptyProcess(): ProcessConfig {
  return { Env: [`PATH=${defaultPath}`], WorkingDir: "/" };
}
