import type { Elf } from "../contents/elf.ts";
import { contentAt, fileAt, nameOf, note, type Trail, trouble } from "./trail.ts";

/** An ELF object with those that asked for it, from the program on. */
interface Loaded {
  readonly path: string;
  readonly elf: Elf;
  readonly by: Loaded | undefined;
  readonly why: readonly string[];
}

/** Follows an ELF program to its loader and libraries, each through every place it is looked for (ld.so(8)). */
export function followElf(trail: Trail, path: string, elf: Elf, why: readonly string[]): void {
  const { loader } = elf;
  if (loader === undefined) return;
  const steps = [...why, `\`${path}\` is loaded by \`${loader}\``];
  note(trail, { path: loader, as: "library", why: steps });
  const program: Loaded = { path, elf, by: undefined, why };
  const isMusl = nameOf(loader).startsWith("ld-musl-");
  const queue = [program, ...preloaded(trail, program, isMusl, steps)];
  const names = new Set<string>();
  for (let at = 0; at < queue.length; at++) {
    const object = queue[at] as Loaded;
    for (const name of object.elf.needed) {
      if (names.has(name)) continue;
      names.add(name);
      const found = lookUp(trail, object, name, isMusl);
      if (found !== undefined) queue.push(found);
    }
  }
}

/** What is loaded before anything else: LD_PRELOAD, LD_AUDIT and, with glibc, ld.so.preload. */
function preloaded(
  trail: Trail,
  program: Loaded,
  isMusl: boolean,
  why: readonly string[],
): readonly Loaded[] {
  const found: Loaded[] = [];
  const add = (name: string, reason: string) => {
    const loaded = lookUp(trail, { ...program, why: [...why, reason] }, name, isMusl);
    if (loaded !== undefined) found.push(loaded);
  };
  for (const variable of ["LD_PRELOAD", "LD_AUDIT"]) {
    for (const name of (trail.environment.get(variable) ?? "").split(/[\s:]+/u)) {
      if (name !== "") add(name, `${variable} names \`${name}\``);
    }
  }
  if (isMusl) return found;
  const list = "/etc/ld.so.preload";
  note(trail, { path: list, as: "library", why: [...why, `it loads what \`${list}\` names`] });
  for (const name of (contentAt(trail, list)?.text ?? "").replace(/#.*/gu, "").split(/[\s:]+/u)) {
    if (name !== "") add(name, `\`${list}\` names \`${name}\``);
  }
  return found;
}

/** Notes every place where a library is looked for up to where it is; and gives it, to be followed. */
function lookUp(trail: Trail, by: Loaded, name: string, isMusl: boolean): Loaded | undefined {
  const why = [...by.why, `\`${by.path}\` needs the library \`${name}\``];
  if (name.includes("/")) return loadedFrom(trail, expanded(name, by, trail)[0] ?? name, by, why);
  for (const place of placesFor(trail, by, isMusl)) {
    if (place.kind === "cache") {
      note(trail, { path: place.path, as: "library", why: [...why, "it is looked up there"] });
      const paths = cacheOf(trail).get(name) ?? [];
      const [first, ...others] = paths.filter((path) => fileAt(trail, path) !== undefined);
      for (const path of others) note(trail, { path, as: "library", why });
      if (first !== undefined) return loadedFrom(trail, first, by, why);
      continue;
    }
    const steps = [...why, `it is looked for in \`${place.path}\` (${place.from})`];
    note(trail, { path: place.path, as: "search", why: steps });
    const variants = variantsIn(trail, place.path);
    for (const directory of variants) note(trail, { path: directory, as: "search", why: steps });
    const file = [...variants, place.path]
      .map((directory) => `${directory === "/" ? "" : directory}/${name}`)
      .find((path) => fileAt(trail, path) !== undefined);
    if (file !== undefined) return loadedFrom(trail, file, by, why);
  }
  return undefined;
}

function loadedFrom(
  trail: Trail,
  path: string,
  by: Loaded,
  why: readonly string[],
): Loaded | undefined {
  note(trail, { path, as: "library", why });
  const node = fileAt(trail, path);
  if (node === undefined) return undefined;
  const content = trail.contents.at(node.path);
  if (content?.trouble !== undefined) trouble(trail, node.path, [...why, content.trouble]);
  return content?.elf === undefined ? undefined : { path, elf: content.elf, by, why: by.why };
}

type Place =
  | { readonly kind: "directory"; readonly path: string; readonly from: string }
  | { readonly kind: "cache"; readonly path: string };

function placesFor(trail: Trail, object: Loaded, isMusl: boolean): readonly Place[] {
  const environment = directories(
    trail.environment.get("LD_LIBRARY_PATH"),
    /[:;]/u,
    "LD_LIBRARY_PATH",
    object,
    trail,
  );
  const chain: Loaded[] = [];
  for (let at: Loaded | undefined = object; at !== undefined; at = at.by) chain.push(at);
  if (isMusl) {
    const own = chain.flatMap((each) => [
      ...directories(
        each.elf.runpath ?? each.elf.rpath,
        /:/u,
        `RPATH of ${each.path}`,
        each,
        trail,
      ),
    ]);
    return [...environment, ...own, ...muslDefaults(trail, object)];
  }
  // DT_RPATH of the object and of those that loaded it count only where the object has no DT_RUNPATH.
  const rpath =
    object.elf.runpath !== undefined
      ? []
      : chain
          .filter((each) => each.elf.runpath === undefined)
          .flatMap((each) =>
            directories(each.elf.rpath, /:/u, `RPATH of ${each.path}`, each, trail),
          );
  const runpath = directories(object.elf.runpath, /:/u, `RUNPATH of ${object.path}`, object, trail);
  return [
    ...rpath,
    ...environment,
    ...runpath,
    { kind: "cache", path: "/etc/ld.so.cache" },
    ...glibcDefaults(trail, object.elf),
  ];
}

function directories(
  list: string | undefined,
  separator: RegExp,
  from: string,
  object: Loaded,
  trail: Trail,
): readonly Place[] {
  if (list === undefined || list === "") return [];
  return list
    .split(separator)
    .flatMap((entry) => expanded(entry === "" ? "." : entry, object, trail))
    .map((path) => ({ kind: "directory" as const, path, from }));
}

/** Dynamic string tokens of ld.so(8); $LIB is one of two, and both are looked at. */
function expanded(text: string, object: Loaded, trail: Trail): readonly string[] {
  const real = object.by === undefined ? fileAt(trail, object.path)?.path : undefined;
  const origin = (real ?? object.path).replace(/\/[^/]*$/u, "") || "/";
  const triple = triples[object.elf.machine];
  const libs = [triple === undefined ? undefined : `lib/${triple}`, wideName(object.elf)];
  const platform = platforms[object.elf.machine] ?? "";
  const replaced = (lib: string) =>
    text
      .replace(/\$(?:ORIGIN\b|\{ORIGIN\})/gu, () => origin)
      .replace(/\$(?:LIB\b|\{LIB\})/gu, () => lib)
      .replace(/\$(?:PLATFORM\b|\{PLATFORM\})/gu, () => platform);
  const all = libs.flatMap((lib) => (lib === undefined ? [] : [replaced(lib)]));
  return [...new Set(all)].map((path) =>
    path.startsWith("/") ? path : `${trail.workingDirectory.replace(/\/$/u, "")}/${path}`,
  );
}

function glibcDefaults(trail: Trail, elf: Elf): readonly Place[] {
  const triple = triples[elf.machine];
  const multiarch =
    triple === undefined
      ? []
      : [`/lib/${triple}`, `/usr/lib/${triple}`].filter(
          (path) => trail.tree.resolve(path).answer === "reached",
        );
  const wide = wideName(elf) === "lib64" ? ["/lib64", "/usr/lib64"] : [];
  return [...multiarch, ...wide, "/lib", "/usr/lib"].map((path) => ({
    kind: "directory",
    path,
    from: "always",
  }));
}

function muslDefaults(trail: Trail, object: Loaded): readonly Place[] {
  const program = programOf(object);
  const architecture = /^ld-musl-(.+)\.so\.1$/u.exec(nameOf(program.elf.loader ?? ""))?.[1] ?? "";
  const file = `/etc/ld-musl-${architecture}.path`;
  note(trail, {
    path: file,
    as: "library",
    why: [...object.why, `it looks where \`${file}\` says`],
  });
  const list = contentAt(trail, file)?.text ?? "/lib:/usr/local/lib:/usr/lib";
  return directories(list.trim(), /[:\n]+/u, "always", object, trail);
}

function programOf(object: Loaded): Loaded {
  return object.by === undefined ? object : programOf(object.by);
}

/** Directories for better processors, looked at first where they are. */
function variantsIn(trail: Trail, directory: string): readonly string[] {
  const base = `${directory === "/" ? "" : directory}/glibc-hwcaps`;
  const found = trail.tree.resolve(base);
  if (found.answer !== "reached" || found.node.type !== "directory") return [];
  return [base, ...trail.tree.names(found.node.path).map((name) => `${base}/${name}`)];
}

function cacheOf(trail: Trail): ReadonlyMap<string, readonly string[]> {
  const content = contentAt(trail, "/etc/ld.so.cache");
  if (content?.trouble !== undefined) {
    trouble(trail, "/etc/ld.so.cache", [`\`/etc/ld.so.cache\`: ${content.trouble}`]);
  }
  return new Map(content?.libraries ?? []);
}

function wideName({ bits }: Elf): string {
  return bits === 64 ? "lib64" : "lib";
}

const triples: Readonly<Record<number, string>> = {
  3: "i386-linux-gnu",
  21: "powerpc64le-linux-gnu",
  22: "s390x-linux-gnu",
  40: "arm-linux-gnueabihf",
  62: "x86_64-linux-gnu",
  183: "aarch64-linux-gnu",
  243: "riscv64-linux-gnu",
};

const platforms: Readonly<Record<number, string>> = {
  3: "i686",
  21: "power9",
  22: "z13",
  40: "v7l",
  62: "x86_64",
  183: "aarch64",
};
