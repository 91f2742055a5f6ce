import {
  imageTree,
  keepYoungSpaceSmall,
  openImageAt,
  type TransportOptions,
  type TreeNode,
} from "@lithify/oci";
import { xattrText } from "@lithify/seal";
import type { CommandSpec } from "../command.ts";
import type { Context, Outcome } from "../context.ts";
import { bytes, table } from "../style.ts";
import { readTransportOptions, transportOptions } from "../transport-options.ts";

export const command: CommandSpec = {
  args: "[image] [path]",
  options: transportOptions,
  examples: ["lithify ls", "lithify ls echo:sealed /drouter/config"],
  async run(context, args, options) {
    keepYoungSpaceSmall();
    const [image, path] = args;
    if (image === undefined) return listImages(context);
    return listFiles(await readTransportOptions(context, options), image, path ?? "/");
  },
};

async function listImages(context: Context): Promise<Outcome> {
  const images = await (await context.wire.store()).list();
  return {
    exitCode: 0,
    document: { images },
    lines: table(
      [
        ["NAME", "DIGEST", "SIZE"].map(context.style.dim),
        ...images.map((image) => [image.ref, image.digest.slice(7, 19), bytes(image.size)]),
      ],
      [2],
    ),
  };
}

async function listFiles(
  { own, ...transport }: TransportOptions,
  ref: string,
  path: string,
): Promise<Outcome> {
  const { image, store } = await openImageAt(ref, own, transport);
  const { tree } = await imageTree(image, { store, digests: false });
  const start = tree.resolve(path);
  const base = start.answer === "reached" ? start.node.path : path;
  const nodes = [...tree].filter(
    (node) => base === "/" || node.path === base || node.path.startsWith(`${base}/`),
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
        String(node.size),
        String(node.layer),
        node.target === undefined ? node.path : `${node.path} -> ${node.target}`,
        Object.entries({ ...xattrsOf(node.xattrs), ...decodedOf(node.xattrs).decoded })
          .map(([name, value]) => `${name}=${value}`)
          .join(" "),
      ]),
      [2, 3],
    ),
  };
}

/** Values in hexadecimal, as getfattr writes them. */
function xattrsOf(xattrs: TreeNode["xattrs"]): Readonly<Record<string, string>> {
  const values = [...xattrs].map(([name, value]) => [
    name,
    `0x${Buffer.from(value).toString("hex")}`,
  ]);
  return Object.fromEntries(values);
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
