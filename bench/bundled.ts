import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { bundlePackage } from "../scripts/bundle.ts";
import { root } from "./checkout.ts";

/** The command as it is published, its packages bundled and installed in this folder, which is new; gives its file. */
export async function installBundled(folder: string): Promise<string> {
  const modules = join(folder, "node_modules");
  for (const name of readdirSync(join(root, "packages"))) {
    const from = join(root, "packages", name);
    const manifest = JSON.parse(readFileSync(join(from, "package.json"), "utf8"));
    const to = join(modules, manifest.name);
    mkdirSync(join(to, "dist"), { recursive: true });
    for (const [file, text] of await bundlePackage(name))
      writeFileSync(join(to, "dist", file), text);
    if (name === "cli") cpSync(join(from, "bin"), join(to, "bin"), { recursive: true });
    manifest.exports = { ".": "./dist/index.js" };
    writeFileSync(join(to, "package.json"), JSON.stringify(manifest));
    for (const library of Object.keys(manifest.dependencies ?? {})) linkLibrary(modules, library);
  }
  return join(modules, "lithify", "bin", "lithify.js");
}

/** Our own packages are written; libraries are those of the checkout. */
function linkLibrary(modules: string, library: string): void {
  if (library.startsWith("@lithify/")) return;
  const place = join(modules, library);
  mkdirSync(dirname(place), { recursive: true });
  try {
    symlinkSync(join(root, "node_modules", library), place);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
