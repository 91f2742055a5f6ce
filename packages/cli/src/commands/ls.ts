import { Fault, visible } from "@lithify/fault";
import {
  imageTree,
  keepYoungSpaceSmall,
  openImageAt,
  type Tree,
  type TreeNode,
} from "@lithify/oci";
import { xattrText } from "@lithify/seal";
import type { CommandSpec, Options } from "../command.ts";
import type { Context, Outcome } from "../context.ts";
import { numberOf } from "../numbers.ts";
import { bytes, table } from "../style.ts";
import { imageOptions, readTransportOptions } from "../transport-options.ts";

export const command: CommandSpec = {
  args: "[image] [path]",
  options: [
    { flags: "--layer <number>", about: "only what came from this layer, 0 is the lowest" },
    { flags: "--digests", about: "digests of contents, for which every layer is read" },
    ...imageOptions,
  ],
  examples: [
    "lithify ls",
    "lithify ls echo:sealed /drouter/config",
    "lithify ls echo:sealed --layer 3 --digests",
  ],
  async run(context, args, options) {
    keepYoungSpaceSmall();
    const [image, path] = args;
    if (image === undefined) return listImages(context);
    return listFiles(context, options, image, path ?? "/");
  },
};

async function listImages(context: Context): Promise<Outcome> {
  const images = await (await context.wire.store()).list();
  return {
    exitCode: 0,
    document: { images },
    lines: table(
      [
        ["NAME", "DIGEST", "SIZE", "CREATED"].map(context.style.dim),
        ...images.map(({ ref, digest, size, created, damage }) => [
          visible(ref),
          digest.slice(7, 19),
          bytes(size),
          damage === undefined
            ? visible(created?.slice(0, 10) ?? "")
            : context.style.bad(`cannot be read: ${damage.code}`),
        ]),
      ],
      [2],
    ),
  };
}

async function listFiles(
  context: Context,
  options: Options,
  ref: string,
  path: string,
): Promise<Outcome> {
  const { own, ...transport } = await readTransportOptions(context, options);
  const { image, store } = await openImageAt(ref, own, transport);
  const layer = layerOf(options, image.layers.length);
  const digests = options.isSet("digests");
  const { tree } = await imageTree(image, { store, digests });
  const nodes = below(tree, path, ref).filter(
    (node) => layer === undefined || node.layer === layer,
  );
  return {
    exitCode: 0,
    document: {
      image: image.digest,
      objects: nodes.map(({ xattrs, ...node }) => ({
        ...node,
        xattrs: xattrsOf(xattrs),
        ...decodedOf(xattrs),
      })),
    },
    lines: table(
      nodes.map((node) => [
        modeText(node),
        `${node.uid}:${node.gid}`,
        sizeText(node),
        node.layer === -1 ? "-" : String(node.layer),
        ...(digests ? [node.digest?.slice(7, 19) ?? ""] : []),
        nameText(node, tree),
        xattrsText(node.xattrs),
      ]),
      [2, 3],
    ),
  };
}

function layerOf(options: Options, layers: number): number | undefined {
  if (options.text("layer") === undefined) return undefined;
  return numberOf(options, "layer", "", 0, Math.max(0, layers - 1));
}

/** The object at a path and everything below it. @throws Fault USAGE where there is none */
function below(tree: Tree, path: string, ref: string): readonly TreeNode[] {
  const start = tree.resolve(path);
  if (start.answer !== "reached") {
    throw new Fault("USAGE", `listing ${ref}`, {
      why: "it has no such path",
      values: { path, ...(start.answer === "missing" ? { nearest: start.nearest.path } : {}) },
      hint: "lithify ls IMAGE lists every path.",
    });
  }
  const base = start.node.path;
  return [...tree].filter(
    (node) => base === "/" || node.path === base || node.path.startsWith(`${base}/`),
  );
}

/** As `ls -l` has it: of a device its numbers. */
function sizeText({ size, device }: TreeNode): string {
  return device === undefined ? String(size) : `${device.major},${device.minor}`;
}

/** A symbolic link with its target, a hard link with the first name of the object. */
function nameText(node: TreeNode, tree: Tree): string {
  const path = visible(node.path);
  if (node.target !== undefined) return `${path} -> ${visible(node.target)}`;
  const [first = node.path] = node.type === "directory" ? [] : tree.linksOf(node);
  return first === node.path ? path : `${path} = ${visible(first)}`;
}

/** Bytes of an attribute that a line shows; --json has them all. */
const shownXattrBytes = 64;

function xattrsText(xattrs: TreeNode["xattrs"]): string {
  const decoded = decodedOf(xattrs).decoded ?? {};
  return [...xattrs]
    .map(([name, value]) => {
      const text = decoded[name] ?? hexadecimal(value.subarray(0, shownXattrBytes));
      const more = decoded[name] === undefined && value.length > shownXattrBytes;
      return `${visible(name)}=${text}${more ? `… (${value.length} bytes)` : ""}`;
    })
    .join(" ");
}

/** Values in hexadecimal, as getfattr writes them. */
function xattrsOf(xattrs: TreeNode["xattrs"]): Readonly<Record<string, string>> {
  return Object.fromEntries([...xattrs].map(([name, value]) => [name, hexadecimal(value)]));
}

function hexadecimal(value: Uint8Array): string {
  return `0x${Buffer.from(value).toString("hex")}`;
}

/** ACLs and capabilities in words, by name. */
function decodedOf(xattrs: TreeNode["xattrs"]): {
  readonly decoded?: Readonly<Record<string, string>>;
} {
  const texts = [...xattrs].flatMap(([name, value]) => {
    const text = xattrText(name, value);
    return text === undefined ? [] : [[name, text] as const];
  });
  return texts.length === 0 ? {} : { decoded: Object.fromEntries(texts) };
}

const typeLetters = {
  file: "-",
  directory: "d",
  symlink: "l",
  fifo: "p",
  character: "c",
  block: "b",
  socket: "s",
} as const;

/** As `ls -l` writes it: `drwxr-sr-t`. */
function modeText(node: TreeNode): string {
  const special = [0o4000, 0o2000, 0o1000];
  const letters = ["s", "s", "t"];
  const text = [6, 3, 0].map((shift, index) => {
    const bits = (node.mode >> shift) & 7;
    const isSpecial = (node.mode & (special[index] ?? 0)) !== 0;
    const letter = letters[index] ?? "";
    const last = isSpecial ? (bits & 1 ? letter : letter.toUpperCase()) : bits & 1 ? "x" : "-";
    return `${bits & 4 ? "r" : "-"}${bits & 2 ? "w" : "-"}${last}`;
  });
  return typeLetters[node.type] + text.join("");
}
