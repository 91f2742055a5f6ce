import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { importedPath, root, type SourceFile, sourceFiles } from "./sources.ts";

/** Lowest first; a package imports only packages before it. The gateway imports only `fault`. */
const order = ["fault", "oci", "build", "seal", "engine", "drift", "rollout", "gateway", "cli"];
const only: Readonly<Record<string, readonly string[]>> = { gateway: ["fault"] };

const files = sourceFiles("packages/*/src/**/*.ts");

describe("the order of packages", () => {
  it("knows every package", () => {
    expect([...new Set(files.map((file) => file.package))].sort()).toEqual([...order].sort());
  });

  it.each(order)("%s imports only packages before it, as its package.json declares", (name) => {
    const manifest = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"));
    const { dependencies, peerDependencies } = manifest;
    const declared = Object.keys({ ...dependencies, ...peerDependencies }).sort();
    const allowed = (only[name] ?? order.slice(0, order.indexOf(name))).map((p) => `@lithify/${p}`);
    const used = externals(files.filter((file) => file.package === name));
    expect(used.filter((dependency) => !declared.includes(dependency))).toEqual([]);
    expect(used.filter((dep) => dep.startsWith("@lithify/") && !allowed.includes(dep))).toEqual([]);
    expect(declared.filter((dependency) => !used.includes(dependency))).toEqual([]);
  });

  it("no file imports its own package's door, or another package's inside", () => {
    const wrong = files.flatMap((file) =>
      file.imports
        .filter((specifier) =>
          specifier.startsWith(".")
            ? /(^|\/)index\.ts$/.test(specifier) ||
              importedPath(file, specifier).split("/")[1] !== file.package
            : /^@lithify\/[^/]+\//.test(specifier),
        )
        .map((specifier) => `${file.path} imports ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  it("has no cycles between files", () => {
    expect(cycles(files)).toEqual([]);
  });

  it("meets backends only in the command's wire.ts", () => {
    const backends = /\b(openLocalEngine|openSandbox|openStore|connectSplitter|startSplitter)\b/;
    const wrong = files.filter(
      (file) =>
        file.package === "cli" && !file.path.endsWith("/wire.ts") && backends.test(file.text),
    );
    expect(wrong.map((file) => file.path)).toEqual([]);
  });
});

function externals(list: readonly SourceFile[]): readonly string[] {
  const names = list.flatMap((file) =>
    file.imports
      .filter((specifier) => !specifier.startsWith(".") && !specifier.startsWith("node:"))
      .map((specifier) =>
        specifier
          .split("/")
          .slice(0, specifier.startsWith("@") ? 2 : 1)
          .join("/"),
      ),
  );
  return [...new Set(names)].sort();
}

/** Import cycles, each as the path back to its start. */
function cycles(list: readonly SourceFile[]): readonly string[] {
  const graph = new Map(
    list.map((file) => [
      file.path,
      file.imports.filter((name) => name.startsWith(".")).map((name) => importedPath(file, name)),
    ]),
  );
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(" → "));
    if (trail.includes(path) || done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}
