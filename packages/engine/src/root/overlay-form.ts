import { Fault } from "@lithify/fault";
import type { TarEntry, TarInput } from "@lithify/oci";

/** A member of a layer's archive, as oci's reader gives it. */
export interface TarMember {
  readonly entry: TarEntry;
  readonly body: AsyncIterable<Uint8Array>;
}

/** What the layers below hold, merged. */
export interface LowerTree {
  /** The object at a path, links not followed, with its content. */
  read(path: string): Promise<TarMember | undefined>;
  /** Names in the root directory. */
  topNames(): Promise<readonly string[]>;
}

const whiteoutPrefix = ".wh.";
const opaqueName = ".wh..wh..opq";
const auxiliaryPrefix = ".wh..wh.";
const overlayXattrs = "trusted.overlay.";
const opaqueXattr = `${overlayXattrs}opaque`;
const whiteoutDevice = { major: 0, minor: 0 };

/**
 * A layer as OCI writes it → as overlayfs keeps it on disk (kernel, filesystems/overlayfs): whiteouts are 0/0
 * character devices, opaque directories carry an attribute. What an overlay cannot say is read from below and added:
 * directories that the archive only implies, and targets of hard links that lower layers hold.
 * Throws Fault LAYER_UNSAFE for an entry that leaves the root or reaches through a link.
 */
export async function* overlayFromLayer(
  members: AsyncIterable<TarMember>,
  lower: LowerTree,
): AsyncGenerator<TarInput> {
  const layer = new LayerInOverlay(lower);
  for await (const member of members) yield* layer.add(member);
  yield* layer.finish();
}

/**
 * The upper directory of an overlay, archived → a layer as OCI writes it. The kernel marks every new directory
 * opaque; only marks that hide something, as `isBelow` tells, go into the layer. The root directory is left out.
 */
export async function* layerFromOverlay(
  members: AsyncIterable<TarMember>,
  isBelow: (path: string) => Promise<boolean>,
): AsyncGenerator<TarInput> {
  for await (const { entry, body } of members) {
    const { path, xattrs, mtime } = entry;
    if (path === "") continue;
    if (isWhiteout(entry)) {
      const hidden = join(parentOf(path), whiteoutPrefix + path.slice(path.lastIndexOf("/") + 1));
      if (await isBelow(path)) yield { entry: markerEntry(hidden, mtime) };
      continue;
    }
    yield { entry: { ...entry, xattrs: withoutOverlay(xattrs) }, body };
    if (xattrs.has(opaqueXattr) && (await isBelow(path)))
      yield { entry: markerEntry(`${path}/${opaqueName}`, mtime) };
  }
}

class LayerInOverlay {
  readonly #lower: LowerTree;
  readonly #seen = new Map<string, TarEntry>();
  readonly #whiteouts = new Set<string>();
  readonly #opaque = new Set<string>();
  /** Directories that were taken from below because the archive does not name them. */
  readonly #implied = new Set<string>();

  constructor(lower: LowerTree) {
    this.#lower = lower;
  }

  async *add({ entry, body }: TarMember): AsyncGenerator<TarInput> {
    const names = namesOf(entry.path);
    const last = names.at(-1) ?? "";
    const isMark = last === opaqueName || last.startsWith(whiteoutPrefix);
    if (last !== opaqueName && names.some((name) => name.startsWith(auxiliaryPrefix))) return;
    if (entry.type === "hardlink" && !isMark) yield* this.#linkTarget(entry);
    yield* this.#parents(entry.path);
    const parent = parentOf(entry.path);
    if (last === opaqueName) this.#opaque.add(parent);
    else if (isMark) this.#whiteouts.add(join(parent, last.slice(whiteoutPrefix.length)));
    else yield { entry: this.#note({ ...entry, xattrs: withoutOverlay(entry.xattrs) }), body };
  }

  /** Whiteouts and opaque marks hide what is below and nothing of their own layer, so they come last. */
  async *finish(): AsyncGenerator<TarInput> {
    // An overlay takes no mark on its root: what is there goes one by one.
    if (this.#opaque.delete(""))
      for (const name of await this.#lower.topNames()) this.#whiteouts.add(name);
    for (const path of this.#whiteouts) {
      namesOf(path);
      const own = this.#seen.get(path);
      if (own?.type === "directory") this.#opaque.add(path);
      if (own !== undefined || (await this.#lower.read(path)) === undefined) continue;
      const device = { type: "character", device: whiteoutDevice, mode: 0 } as const;
      yield { entry: { ...markerEntry(path, 0), ...device } };
    }
    // What is hidden gives no attributes to the directories that the archive only implies.
    for (const path of this.#implied)
      if (this.#whiteouts.has(path) || isWithinAny(parentOf(path), this.#opaque))
        yield { entry: this.#note(impliedDirectory(path)) };
    for (const path of this.#opaque) {
      const directory = this.#seen.get(path);
      if (directory === undefined) continue;
      const xattrs = new Map([...directory.xattrs, [opaqueXattr, Buffer.from("y")]]);
      yield { entry: { ...directory, xattrs } };
    }
  }

  #note(entry: TarEntry): TarEntry {
    const before = this.#seen.get(entry.path);
    if (before !== undefined && before.type !== entry.type)
      throw unsafe(entry.path, `it comes twice, as ${before.type} and as ${entry.type}`);
    this.#seen.set(entry.path, entry);
    this.#implied.delete(entry.path);
    return entry;
  }

  /** The directories above a path that the archive has not named so far, with the attributes that they have below. */
  async *#parents(path: string): AsyncGenerator<TarInput> {
    const names = path.split("/").slice(0, -1);
    for (const [index] of names.entries()) {
      const parent = names.slice(0, index + 1).join("/");
      const seen = this.#seen.get(parent);
      if (seen?.type === "directory") continue;
      if (seen !== undefined) throw unsafe(path, `it reaches through a ${seen.type}`);
      const below = (await this.#lower.read(parent))?.entry;
      if (below !== undefined && below.type !== "directory")
        throw unsafe(path, `it reaches through a ${below.type}`);
      yield { entry: this.#note(below ?? impliedDirectory(parent)) };
      if (below !== undefined) this.#implied.add(parent);
    }
  }

  /** The other name of a hard link must be in this directory too: a link cannot reach into another layer. */
  async *#linkTarget(entry: TarEntry): AsyncGenerator<TarInput> {
    const target = entry.target ?? "";
    namesOf(target);
    const seen = this.#seen.get(target);
    if (seen?.type === "directory") throw unsafe(entry.path, "it is a hard link to a directory");
    if (seen !== undefined) return;
    const below = await this.#lower.read(target);
    if (below === undefined || below.entry.type === "directory")
      throw unsafe(entry.path, "it is a hard link to nothing");
    yield* this.#parents(target);
    yield { entry: this.#note(below.entry), body: below.body };
  }
}

function isWhiteout(entry: TarEntry): boolean {
  return entry.type === "character" && entry.device?.major === 0 && entry.device.minor === 0;
}

function impliedDirectory(path: string): TarEntry {
  return { ...markerEntry(path, 0), type: "directory", mode: 0o755 };
}

function markerEntry(path: string, mtime: number): TarEntry {
  return { path, type: "file", mode: 0o600, uid: 0, gid: 0, size: 0, mtime, xattrs: new Map() };
}

function withoutOverlay(xattrs: TarEntry["xattrs"]): TarEntry["xattrs"] {
  const kept = [...xattrs].filter(([name]) => !name.startsWith(overlayXattrs));
  return kept.length === xattrs.size ? xattrs : new Map(kept);
}

function namesOf(path: string): readonly string[] {
  const names = path.split("/");
  if (names.includes("..")) throw unsafe(path, "it leaves the root");
  return names;
}

/** Whether the path or a directory above it is one of these. */
function isWithinAny(path: string, directories: ReadonlySet<string>): boolean {
  for (let at = path; ; at = parentOf(at)) {
    if (directories.has(at)) return true;
    if (at === "") return false;
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function join(directory: string, name: string): string {
  return directory === "" ? name : `${directory}/${name}`;
}

function unsafe(path: string, why: string): Fault {
  return new Fault("LAYER_UNSAFE", "an entry of a layer", { why, values: { path } });
}
