import type { Content, LayerEntry } from "../layer/entry.ts";

/** An object of a source. `content` of a LayerEntry is given out by `contents` only. */
export interface SourceNode extends Omit<LayerEntry, "content"> {
  /** The same value for hard links of one object; absent where links are not kept. */
  readonly link?: object;
}

/** Where COPY takes files from: a directory of this machine, another image or stage. Paths are relative. */
export interface Source {
  /** How a fault speaks of it: `the build context`, `stage builder`. */
  readonly title: string;
  /** The object at exactly this path; links are not followed. */
  at(path: string): Promise<SourceNode | undefined>;
  /** Names in a directory, sorted; those that are ignored are left out. */
  names(path: string): Promise<readonly string[]>;
  /** True when the path is left out by an ignore pattern. */
  ignores?(path: string): boolean;
  /** Changes when anything in the nodes changes: the cache's key. */
  fingerprint(nodes: readonly SourceNode[]): Promise<string>;
  /** The bytes of the nodes that are files, by path. Valid until the build ends. */
  contents(nodes: readonly SourceNode[]): Promise<ReadonlyMap<string, Content>>;
}
