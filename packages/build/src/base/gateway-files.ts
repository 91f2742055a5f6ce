import { createHash } from "node:crypto";
import { Fault } from "@lithify/fault";
import { directorySource } from "../context/directory-source.ts";
import { type PatternList, patternList } from "../context/patterns.ts";
import type { Source } from "../context/source.ts";
import { Draft } from "../copy/draft.ts";
import { type Destination, placeSelection } from "../copy/place.ts";
import { selectSources } from "../copy/select.ts";
import { FileIndex } from "../layer/file-index.ts";
import { layOut, librariesPath, packagesPath } from "./layout.ts";
import { npmPackages } from "./npm-packages.ts";

/** What is taken of a package's folder: the source in a checkout, the compiled files of a published package. */
const parts = ["package.json", "src", "dist", "data", "schema", "LICENSE"];

const excluded = patternList(["**/*.tsbuildinfo", "**/*.d.ts", "**/*.map", "**/*.md"]);

/** Libraries run as they are published, without what only their own developers read. */
const excludedOfLibraries = patternList(
  "node_modules **/*.ts **/*.mts **/*.cts **/*.map **/*.md **/test **/tests **/.*"
    .split(" ")
    .concat("!LICENSE.md"),
);

/** The gateway's code, the libraries it needs and the image's layout, ready to be put over the distribution's files. */
export interface GatewayFiles {
  /** Changes when any of the files does. */
  readonly fingerprint: string;
  readonly put: (draft: Draft) => Promise<void>;
}

/** @throws Fault BASE_INCOMPLETE when a folder does not hold the package */
export async function gatewayFiles(folders: {
  readonly gatewayDirectory: string;
  readonly faultDirectory: string;
}): Promise<GatewayFiles> {
  const gateway = await packageFiles("gateway", folders.gatewayDirectory);
  const fault = await packageFiles("fault", folders.faultDirectory);
  const libraries: GatewayFiles[] = [];
  for (const { name, directory } of await npmPackages(folders.gatewayDirectory))
    libraries.push(await libraryFiles(name, directory));
  const main = gateway.isSource ? "src/main.ts" : "dist/main.js";
  if ((await gateway.source.at(main)) === undefined)
    throw new Fault("BASE_INCOMPLETE", `the gateway in ${folders.gatewayDirectory}`, {
      why: `${main} is missing`,
    });
  return {
    fingerprint: [
      ...[gateway, fault, ...libraries].map(({ fingerprint }) => fingerprint),
      await layoutDigest(main),
    ].join(" "),
    put: async (draft) => {
      layOut(draft, main);
      for (const files of [gateway, fault, ...libraries]) await files.put(draft);
    },
  };
}

/** Over everything that the layout puts into an image that has nothing yet. */
async function layoutDigest(main: string): Promise<string> {
  const draft = new Draft(new FileIndex(), { file: "layout", line: 1 });
  layOut(draft, main);
  const hash = createHash("sha256");
  for (const { content, xattrs: _, ...entry } of draft.entries) {
    hash.update(JSON.stringify(entry));
    for await (const chunk of content?.open() ?? []) hash.update(chunk);
  }
  return hash.digest("hex");
}

interface PackageFiles extends GatewayFiles {
  readonly source: Source;
  readonly isSource: boolean;
}

async function packageFiles(name: string, directory: string): Promise<PackageFiles> {
  const source = directorySource(directory, { title: directory });
  const isSource = (await source.at("src")) !== undefined;
  const wanted: string[] = [];
  for (const part of parts) {
    if (part === (isSource ? "dist" : "src") || (await source.at(part)) === undefined) continue;
    wanted.push(part);
  }
  const files = await folderFiles(source, wanted, excluded, `${packagesPath}/${name}`);
  return { source, isSource, ...files };
}

function libraryFiles(name: string, directory: string): Promise<GatewayFiles> {
  const source = directorySource(directory, { title: directory });
  return folderFiles(source, ["*"], excludedOfLibraries, `${librariesPath}/${name}`);
}

/** The `wanted` parts of a folder, to be put at `path` with plain modes. */
async function folderFiles(
  source: Source,
  wanted: readonly string[],
  left: PatternList,
  path: string,
): Promise<GatewayFiles> {
  const place = { file: source.title, line: 1 };
  const selection = { parents: true, excluded: left, place };
  const selected = await selectSources(source, wanted, selection);
  const nodes = selected.flatMap(({ root, below }) => [root, ...below.map(({ node }) => node)]);
  const destination: Destination = {
    ...{ path, isDirectory: true, place },
    mode: (_mode, isDirectory) => (isDirectory ? 0o755 : 0o644),
  };
  return {
    fingerprint: await source.fingerprint(
      nodes.map((node) => ({ ...node, mode: node.type === "directory" ? 0o755 : 0o644 })),
    ),
    put: async (draft) =>
      placeSelection(draft, destination, selected, await source.contents(nodes)),
  };
}
