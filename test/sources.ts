import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative, sep } from "node:path";

/** The checkout's root, absolute. */
export const root = join(import.meta.dirname, "..");

export interface SourceFile {
  /** Relative to the root, `packages/oci/src/tree.ts`. */
  readonly path: string;
  readonly text: string;
  /** The package's folder name, `oci`; undefined outside packages. */
  readonly package: string | undefined;
  readonly imports: readonly string[];
}

const importForm =
  /(?:^|\n)\s*(?:import|export)\s(?:[^"';]*?\sfrom\s*)?["']([^"']+)["']|\b(?:import|require|require\.resolve)\(\s*["']([^"']+)["']\s*\)/g;

/** Source files below the glob pattern, with what they import, `import()` and `require()` included. */
export function sourceFiles(pattern: string): readonly SourceFile[] {
  return globSync(pattern, { cwd: root, exclude: (name) => name === "node_modules" })
    .map(String)
    .sort()
    .map((path) => {
      const text = readFileSync(join(root, path), "utf8");
      const parts = path.split(sep);
      return {
        path,
        text,
        package: parts[0] === "packages" ? parts[1] : undefined,
        imports: [...text.matchAll(importForm)].map(
          (match) => match[1] ?? match[2] ?? match[3] ?? "",
        ),
      };
    });
}

/** The file that a relative import names, relative to the root. */
export function importedPath(file: SourceFile, specifier: string): string {
  return relative(root, normalize(join(root, dirname(file.path), specifier)));
}
