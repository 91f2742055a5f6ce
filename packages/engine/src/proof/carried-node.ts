import { closeSync, openSync, readFileSync, readSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Fault } from "@lithify/fault";
import type { RunSpec } from "../engine.ts";
import { lastLine, runProgram } from "../host/program.ts";

/** The Node that runs this, with its own loader and libraries: it starts in any root file system, also in an empty one. */
export interface CarriedNode {
  readonly node: string;
  readonly loader: string;
  readonly libraries: readonly { readonly name: string; readonly path: string }[];
  /** Arguments that run the probe. */
  readonly probe: readonly string[];
}

const place = "/dev/lithify";

/** Throws Fault PROBE_UNUSABLE when this Node is not a dynamically linked 64-bit ELF program. */
export async function carriedNode(): Promise<CarriedNode> {
  const node = realpathSync(process.execPath);
  const loader = interpreterOf(node);
  const listed = await runProgram(loader, ["--list", node]);
  if (listed.exitCode !== 0) throw unusable(node, lastLine(listed.stderr));
  return {
    node,
    loader: realpathSync(loader),
    libraries: librariesOf(listed.stdout),
    probe: probe(),
  };
}

/** As read-only mounts, below /dev, so that the root file system is not touched; and the command that runs the probe with them. */
export function mountedProbe(carried: CarriedNode): {
  readonly mounts: NonNullable<RunSpec["readOnlyMounts"]>;
  readonly command: readonly string[];
} {
  const { node, loader, libraries } = carried;
  const mounts = [
    { source: node, target: `${place}/node` },
    { source: loader, target: `${place}/loader` },
    ...libraries.map(({ name, path }) => ({ source: path, target: `${place}/lib/${name}` })),
  ];
  const start = [`${place}/loader`, "--inhibit-cache", "--library-path", `${place}/lib`];
  return { mounts, command: [...start, `${place}/node`, ...carried.probe] };
}

/** As open files, for a container that runs already. Only files: an open directory of the host would be a way out of the container. */
export function openedProbe(carried: CarriedNode): {
  readonly files: readonly string[];
  readonly command: readonly string[];
} {
  const { node, loader, libraries } = carried;
  const files = [loader, node, ...libraries.map(({ path }) => path)];
  const descriptors = files.map((_, index) => `/proc/self/fd/${index + firstDescriptor}`);
  const [runLoader = "", runNode = "", ...preload] = descriptors;
  const start = [runLoader, "--inhibit-cache", "--preload", preload.join(":")];
  return { files, command: [...start, runNode, ...carried.probe] };
}

/** What an image's environment could make Node or its loader do is undone. */
export const probeEnvironment: readonly string[] = [
  "NODE_OPTIONS=",
  "LD_PRELOAD=",
  "LD_LIBRARY_PATH=",
];

/** After stdin, stdout and stderr. */
const firstDescriptor = 3;

/** The probe goes along as an argument: nothing has to be placed where the container could see it. */
function probe(): readonly string[] {
  const isTypeScript = import.meta.url.endsWith(".ts");
  const file = new URL(isTypeScript ? "./probe.ts" : "./probe.js", import.meta.url);
  const type = isTypeScript ? "module-typescript" : "module";
  return [`--input-type=${type}`, "--eval", readFileSync(fileURLToPath(file), "utf8")];
}

/** PT_INTERP of an ELF program: the path of its loader (elf(5)). */
function interpreterOf(path: string): string {
  const elf = readHead(path);
  const is64LittleEndian = elf.toString("latin1", 0, 6) === "\x7fELF\x02\x01";
  if (!is64LittleEndian) throw unusable(path, "not a 64-bit little-endian ELF program");
  const table = Number(elf.readBigUInt64LE(32));
  const [size, count] = [elf.readUInt16LE(54), elf.readUInt16LE(56)];
  for (let index = 0; index < count; index += 1) {
    const header = table + index * size;
    if (elf.readUInt32LE(header) !== interpreterHeader) continue;
    const at = Number(elf.readBigUInt64LE(header + 8));
    const length = Number(elf.readBigUInt64LE(header + 32));
    return elf.toString("utf8", at, at + length - 1);
  }
  throw unusable(path, "it has no loader");
}

const interpreterHeader = 3;

/** Headers and the loader's name are at the beginning; the rest of the program is not read. */
function readHead(path: string): Buffer {
  const head = Buffer.alloc(64 * 1024);
  const file = openSync(path, "r");
  try {
    return head.subarray(0, readSync(file, head, 0, head.length, 0));
  } finally {
    closeSync(file);
  }
}

function librariesOf(listing: string): CarriedNode["libraries"] {
  return [...listing.matchAll(/^\s*(\S+) => (\/\S+) \(/gm)]
    .filter(([, name = ""]) => !name.startsWith("/"))
    .map(([, name = "", path = ""]) => ({ name, path: realpathSync(path) }));
}

function unusable(path: string, why: string): Fault {
  return new Fault("PROBE_UNUSABLE", "bring Node along into a container", {
    why,
    values: { path },
  });
}
