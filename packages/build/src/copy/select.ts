import { Fault, type Place, suggestion } from "@lithify/fault";
import { cleanPath, hasWildcard, type PatternList, pathPattern } from "../context/patterns.ts";
import { resolveIn } from "../context/resolve.ts";
import type { Source, SourceNode } from "../context/source.ts";
import { joinPath, nameOf, parentOf } from "../layer/entry.ts";

/** What one match of a COPY source brings: the object itself (links followed) and everything below it. */
export interface Selected {
  readonly root: SourceNode;
  /** Where the root lands below the destination: its name, or its path under --parents. */
  readonly landing: string;
  /** True under --parents: a directory lands under its own name too. */
  readonly keepsPath: boolean;
  /** Directories above the landing that --parents takes along, topmost first. */
  readonly above: readonly { readonly landing: string; readonly node: SourceNode }[];
  /** Below the root; paths relative to it, parents before children. */
  readonly below: readonly { readonly path: string; readonly node: SourceNode }[];
}

export interface Selection {
  readonly parents: boolean;
  readonly excluded: PatternList;
  readonly place: Place;
}

/**
 * What a list of COPY sources selects, in order. A pattern with wildcards may match nothing, as in BuildKit.
 * @throws Fault COPY_SOURCE_MISSING for a source without wildcards
 */
export async function selectSources(
  source: Source,
  patterns: readonly string[],
  selection: Selection,
): Promise<readonly Selected[]> {
  const selected: Selected[] = [];
  for (const pattern of patterns) {
    const { base, rest } = selection.parents ? pivoted(pattern) : { base: "", rest: pattern };
    const clean = cleanPath(rest);
    const paths = hasWildcard(clean)
      ? await matches(source, base, clean, selection)
      : [joinPath(base, clean)];
    for (const path of paths) {
      const found = await select(source, base, path, selection);
      if (found !== undefined) selected.push(found);
    }
  }
  return selected;
}

/** `a/./b/c` under --parents: the part after the dot is what is kept. */
function pivoted(pattern: string): { readonly base: string; readonly rest: string } {
  const at = pattern.indexOf("/./");
  if (at < 0) return { base: "", rest: pattern };
  return { base: cleanPath(pattern.slice(0, at)), rest: pattern.slice(at + 3) };
}

async function matches(
  source: Source,
  base: string,
  pattern: string,
  { parents, place }: Selection,
): Promise<readonly string[]> {
  const parts = pattern.split("/");
  const fixed = parts.findIndex((part) => hasWildcard(part));
  const start = joinPath(base, parts.slice(0, fixed).join("/"));
  const real = await resolveIn(start, (path) => source.at(path));
  if ((await source.at(real)) === undefined) throw await sourceMissing(source, start, place);
  const wanted = parents && pattern.includes("**");
  const regex = pathPattern(
    joinPath(base, wanted ? pattern : pattern.replaceAll("**", "*")).replace(/^\//, ""),
  );
  const depth = wanted ? Number.POSITIVE_INFINITY : parts.length - fixed;
  const found: string[] = [];
  await collect(source, start, depth, (path) => {
    if (regex.test(path)) found.push(path);
  });
  return found;
}

async function collect(
  source: Source,
  directory: string,
  depth: number,
  visit: (path: string) => void,
): Promise<void> {
  const real = await resolveIn(directory, (path) => source.at(path));
  if ((await source.at(real))?.type !== "directory") return;
  for (const name of await source.names(real)) {
    const path = joinPath(directory, name);
    visit(path);
    if (depth > 1 && (await source.at(joinPath(real, name)))?.type === "directory")
      await collect(source, path, depth - 1, visit);
  }
}

async function select(
  source: Source,
  base: string,
  path: string,
  selection: Selection,
): Promise<Selected | undefined> {
  const real = await resolveIn(path, (at) => source.at(at));
  const root = await source.at(real);
  if (root === undefined) throw await sourceMissing(source, path, selection.place);
  const kept = base === "" ? path : path.slice(base.length + 1);
  const isDirectory = root.type === "directory";
  if (!isDirectory && selection.excluded.matches(nameOf(path))) return undefined;
  if (selection.parents && selection.excluded.matches(kept)) return undefined;
  return {
    root,
    landing: selection.parents ? kept : nameOf(path),
    keepsPath: selection.parents,
    above: selection.parents ? await directoriesAbove(source, base, kept) : [],
    below: isDirectory ? await walk(source, real, "", selection.excluded) : [],
  };
}

async function directoriesAbove(
  source: Source,
  base: string,
  kept: string,
): Promise<Selected["above"]> {
  const above: { landing: string; node: SourceNode }[] = [];
  for (let landing = parentOf(kept); landing !== ""; landing = parentOf(landing)) {
    const real = await resolveIn(joinPath(base, landing), (path) => source.at(path));
    const node = await source.at(real);
    if (node !== undefined) above.unshift({ landing, node });
  }
  return above;
}

async function walk(
  source: Source,
  root: string,
  path: string,
  excluded: PatternList,
): Promise<Selected["below"]> {
  const found: { path: string; node: SourceNode }[] = [];
  for (const name of await source.names(joinPath(root, path))) {
    const child = joinPath(path, name);
    const node = await source.at(joinPath(root, child));
    if (node === undefined) continue;
    const inside = node.type === "directory" ? await walk(source, root, child, excluded) : [];
    if (excluded.matches(child) && inside.length === 0) continue;
    found.push({ path: child, node }, ...inside);
  }
  return found;
}

async function sourceMissing(source: Source, path: string, place: Place): Promise<Fault> {
  if (source.ignores?.(path) === true)
    return missing(`${path} in ${source.title}`, place, "an ignore pattern takes it out", {
      hint: `take it out of .dockerignore, or add !${path} at its end`,
    });
  const parent = await resolveIn(parentOf(path), (at) => source.at(at));
  const siblings =
    (await source.at(parent))?.type === "directory" ? await source.names(parent) : [];
  const hint = suggestion(nameOf(path), siblings);
  return missing(
    `${path} in ${source.title}`,
    place,
    "there is no such file or directory",
    hint === undefined ? {} : { hint },
  );
}

function missing(
  what: string,
  place: Place,
  why: string,
  more: { readonly hint?: string } = {},
): Fault {
  return new Fault("COPY_SOURCE_MISSING", what, { why, place, ...more });
}
