import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@lithify/fault";
import { directorySource } from "../context/directory-source.ts";
import { type PatternList, patternList } from "../context/patterns.ts";
import type { Source } from "../context/source.ts";
import { Draft } from "../copy/draft.ts";
import { type Destination, placeSelection } from "../copy/place.ts";
import { selectSources } from "../copy/select.ts";
import { FileIndex } from "../layer/file-index.ts";
import {
  bundleGateway,
  bundlerVersion,
  type GatewaySources,
  programMain,
} from "./gateway-program.ts";
import { gatewayPath, layOut, librariesPath, programPath, putText } from "./layout.ts";
import { npmPackages } from "./npm-packages.ts";

/** What is taken of the gateway's folder besides its manifest and its program. */
const parts = ["data", "LICENSE"];

/** What the manifest in an image says. The rest of it speaks of the folder that it was taken from. */
const told = ["name", "version", "description", "license", "type", "engines", "dependencies"];

const notInProgram = patternList(["**/*.tsbuildinfo", "**/*.md"]);

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

/**
 * The program is made from the sources of a checkout; a published package brings it in `program/`.
 * @throws Fault BASE_INCOMPLETE when a folder does not hold the package
 */
export async function gatewayFiles(sources: GatewaySources): Promise<GatewayFiles> {
  const { gatewayDirectory } = sources;
  const source = directorySource(gatewayDirectory, { title: gatewayDirectory });
  const all = [await manifestFile(gatewayDirectory), await programFiles(source, sources)];
  const wanted: string[] = [];
  for (const part of parts) if ((await source.at(part)) !== undefined) wanted.push(part);
  all.push(await folderFiles(source, wanted, notInProgram, gatewayPath));
  for (const { name, directory } of await npmPackages(gatewayDirectory))
    all.push(await libraryFiles(name, directory));
  return {
    fingerprint: [...all.map(({ fingerprint }) => fingerprint), await layoutDigest()].join(" "),
    put: async (draft) => {
      layOut(draft);
      for (const files of all) await files.put(draft);
    },
  };
}

/** Over everything that the layout puts into an image that has nothing yet. */
async function layoutDigest(): Promise<string> {
  const draft = new Draft(new FileIndex(), { file: "layout", line: 1 });
  layOut(draft);
  const hash = createHash("sha256");
  for (const { content, xattrs: _, ...entry } of draft.entries) {
    hash.update(JSON.stringify(entry));
    for await (const chunk of content?.open() ?? []) hash.update(chunk);
  }
  return hash.digest("hex");
}

async function manifestFile(gatewayDirectory: string): Promise<GatewayFiles> {
  const file = join(gatewayDirectory, "package.json");
  const manifest = JSON.parse(await readFile(file, "utf8").catch(() => "{}")) as object;
  const shown = Object.entries(manifest).filter(([name]) => told.includes(name));
  const text = `${JSON.stringify(Object.fromEntries(shown), null, 2)}\n`;
  return {
    fingerprint: text,
    put: async (draft) => putText(draft, `${gatewayPath}/package.json`, text),
  };
}

async function programFiles(source: Source, sources: GatewaySources): Promise<GatewayFiles> {
  if ((await source.at("src/main.ts")) !== undefined) return bundledFiles(source, sources);
  if ((await source.at(`program/${programMain}`)) === undefined)
    throw new Fault("BASE_INCOMPLETE", `the gateway in ${sources.gatewayDirectory}`, {
      why: `neither src/main.ts nor program/${programMain} is there`,
    });
  return folderFiles(source, ["program"], notInProgram, gatewayPath);
}

/** The program is made only when the layer is: its sources say whether it would be another. */
async function bundledFiles(source: Source, sources: GatewaySources): Promise<GatewayFiles> {
  const { faultDirectory } = sources;
  const fault = directorySource(faultDirectory, { title: faultDirectory });
  const read = await Promise.all(
    [source, fault].map((each) => folderFiles(each, ["src"], notInProgram, "")),
  );
  return {
    fingerprint: [bundlerVersion(), ...read.map(({ fingerprint }) => fingerprint)].join(" "),
    put: async (draft) => {
      for (const [name, text] of await bundleGateway(sources))
        putText(draft, `${programPath}/${name}`, text);
    },
  };
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
