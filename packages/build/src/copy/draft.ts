import { Fault, type Place } from "@lithify/fault";
import { resolvePath } from "../context/resolve.ts";
import { directoryEntry, joinPath, type LayerEntry, parentOf } from "../layer/entry.ts";
import type { FileIndex } from "../layer/file-index.ts";

/** What a step is about to put into its layer, seen together with the files below. */
export class Draft {
  readonly #below: FileIndex;
  readonly #place: Place;
  readonly #entries = new Map<string, LayerEntry>();

  constructor(below: FileIndex, place: Place) {
    this.#below = below;
    this.#place = place;
  }

  get entries(): Iterable<LayerEntry> {
    return this.#entries.values();
  }

  at(path: string): Pick<LayerEntry, "type" | "mode" | "uid" | "gid" | "target"> | undefined {
    return this.#entries.get(path) ?? this.#below.at(path);
  }

  isDirectory(path: string): boolean {
    return path === "" || this.at(path)?.type === "directory";
  }

  resolve(path: string): string {
    return resolvePath(path, (at) => this.at(at));
  }

  /**
   * Makes the directories of a path that do not exist: 0755 root, where nothing else is asked for, and as the
   * kernel does it with the set-group-id bit and the group of a parent that has this bit (mkdir(2)).
   * @throws Fault COPY_CONFLICT when a file stands there
   */
  makeDirectories(
    path: string,
    mode?: number,
    owner?: { readonly uid: number; readonly gid: number },
  ): void {
    if (path === "") return;
    const existing = this.at(path);
    if (existing?.type === "directory") return;
    if (existing !== undefined) throw this.#conflict(path, "a directory", existing.type);
    this.makeDirectories(parentOf(path), mode, owner);
    const parent = this.at(parentOf(path));
    const inherits = parent !== undefined && (parent.mode & 0o2000) !== 0;
    const made = directoryEntry(
      path,
      mode ?? (inherits ? 0o2755 : 0o755),
      owner ?? { uid: 0, gid: inherits ? parent.gid : 0 },
    );
    this.#entries.set(path, made);
  }

  /** Puts one object in its place; a file replaces a file or link, a directory takes new attributes. */
  put(entry: LayerEntry): void {
    if (entry.path === "") return;
    const existing = this.at(entry.path);
    const conflicts =
      existing !== undefined && (existing.type === "directory") !== (entry.type === "directory");
    if (conflicts) throw this.#conflict(entry.path, `a ${entry.type}`, existing.type);
    this.#entries.set(entry.path, entry);
  }

  /** As `put`, where the directory that holds it may be reached through links. */
  putThroughLinks(entry: LayerEntry): void {
    const parent = this.resolve(parentOf(entry.path));
    this.makeDirectories(parent);
    this.put({
      ...entry,
      path: joinPath(parent, entry.path.slice(entry.path.lastIndexOf("/") + 1)),
    });
  }

  #conflict(path: string, wanted: string, existing: string): Fault {
    return new Fault("COPY_CONFLICT", `putting ${wanted} at /${path}`, {
      why: `a ${existing} stands there`,
      place: this.#place,
    });
  }
}
