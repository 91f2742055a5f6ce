import { readFile, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Fault } from "@lithify/fault";

/** A package that a program needs while it runs, by its name and the folder it was found in. */
export interface NpmPackage {
  readonly name: string;
  readonly directory: string;
}

/** Our own packages are put where types are stripped, so they are not taken from here. */
const own = "@lithify/";

/**
 * The packages that the package in `directory` depends on, with all that those depend on, by name. Found as Node
 * finds them: in the `node_modules` of the folder and of the folders above it.
 * @throws Fault BASE_INCOMPLETE when one is not installed, or two versions of one are needed
 */
export async function npmPackages(directory: string): Promise<readonly NpmPackage[]> {
  const found = new Map<string, string>();
  await follow(await realpath(directory), found);
  return [...found]
    .map(([name, place]) => ({ name, directory: place }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

async function follow(directory: string, found: Map<string, string>): Promise<void> {
  for (const name of await dependenciesOf(directory)) {
    const place = await find(name, directory);
    const known = found.get(name);
    if (known === place) continue;
    if (place === undefined || known !== undefined)
      throw new Fault("BASE_INCOMPLETE", `the package ${name} that ${directory} needs`, {
        why: place === undefined ? "it is not installed" : `${known} is another version of it`,
        hint: "install the packages of the gateway again, by its lock file",
      });
    found.set(name, place);
    await follow(place, found);
  }
}

async function dependenciesOf(directory: string): Promise<readonly string[]> {
  const text = await readFile(join(directory, "package.json"), "utf8").catch(() => "{}");
  const { dependencies = {} } = JSON.parse(text) as { dependencies?: Record<string, string> };
  return Object.keys(dependencies).filter((name) => !name.startsWith(own));
}

async function find(name: string, from: string): Promise<string | undefined> {
  for (let folder = from; ; folder = dirname(folder)) {
    const place = await realpath(join(folder, "node_modules", name)).catch(() => undefined);
    if (place !== undefined || folder === dirname(folder)) return place;
  }
}
