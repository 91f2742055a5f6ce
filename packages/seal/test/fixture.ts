import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  digestOf,
  type Image,
  type ImageConfig,
  type NodeType,
  openStore,
  type ProcessConfig,
  type Store,
  type TarEntry,
  type TarInput,
  type Tree,
  type TreeNode,
  treeFromNodes,
  writeTar,
} from "@lithify/oci";
import { type AccessModel, modelOf } from "../src/access/model.ts";
import { contentWatch } from "../src/contents/content-watch.ts";
import { type Contents, contentsOf } from "../src/contents/inspect-image.ts";
import type { Identity } from "../src/identity/identity.ts";
import type { Policy } from "../src/policy/policy.ts";

/** An object as a line of text: `d 0755 0:0 /etc`, `f 0644 0:0 /etc/passwd content`, `l 0777 0:0 /a -> b`, `h /b -> /a`
 * (with mode and owner before the path where an archive is made of it). */
export type Line = string;

const types: Readonly<Record<string, NodeType>> = {
  d: "directory",
  f: "file",
  l: "symlink",
  p: "fifo",
  s: "socket",
  c: "character",
  b: "block",
};

export interface ParsedLine {
  readonly type: NodeType | "hardlink";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly path: string;
  readonly rest: string;
}

export function parseLine(line: Line): ParsedLine {
  const link = /^h (?:(\d+) (\d+):(\d+) )?(\S+) -> (\S+)$/u.exec(line);
  if (link !== null) {
    const [, mode = "0", uid = "0", gid = "0", path = "", rest = ""] = link;
    const bits = Number.parseInt(mode, 8);
    return { type: "hardlink", mode: bits, uid: Number(uid), gid: Number(gid), path, rest };
  }
  const match = /^([dflpscb]) (\d+) (\d+):(\d+) (\S+)(?: (?:-> )?([\s\S]*))?$/u.exec(line);
  if (match === null) throw new Error(`not an object: ${line}`);
  const [, type = "", mode = "", uid = "", gid = "", path = "", rest = ""] = match;
  return {
    type: types[type] ?? "file",
    mode: Number.parseInt(mode, 8),
    uid: Number(uid),
    gid: Number(gid),
    path,
    rest,
  };
}

export type Xattrs = Readonly<Record<string, Readonly<Record<string, Uint8Array>>>>;

/** A tree of these lines; hard links share the inode of what they name. */
export function treeOf(lines: readonly Line[], xattrs: Xattrs = {}): Tree {
  const nodes: TreeNode[] = [];
  for (const line of lines.filter((each) => each.trim() !== "")) {
    const parsed = parseLine(line);
    if (parsed.type === "hardlink") {
      const first = nodes.find((node) => node.path === parsed.rest);
      if (first === undefined) throw new Error(`no ${parsed.rest}`);
      nodes.push({ ...first, path: parsed.path });
      continue;
    }
    const { type, mode, uid, gid, path, rest } = parsed;
    nodes.push({
      path,
      type,
      mode,
      uid,
      gid,
      size: type === "file" ? Buffer.byteLength(rest) : 0,
      ...(type === "file" ? { digest: digestOf(rest) } : {}),
      ...(type === "symlink" ? { target: rest } : {}),
      xattrs: new Map(Object.entries(xattrs[path] ?? {})),
      mtime: 1,
      inode: nodes.length + 1,
      layer: 0,
    });
  }
  return treeFromNodes(nodes);
}

/** What an inspection would note of these lines' contents; `noted` is said outright, for what is not made of text. */
export function contentsIn(
  lines: readonly Line[],
  noted: Readonly<Record<string, string>> = {},
): Contents {
  const notes = new Map(Object.entries(noted));
  for (const line of lines.filter((each) => each.startsWith("f "))) {
    const { path, rest } = parseLine(line);
    const sink = contentWatch.watch(inputOf(line, {}).entry);
    sink?.push(Buffer.from(rest));
    const note = sink?.end();
    if (note !== undefined && !notes.has(path)) notes.set(path, note);
  }
  return contentsOf(notes);
}

export function identity(uid: number, gid: number, groups: readonly number[] = [gid]): Identity {
  return {
    name: `${uid}:${gid}`,
    uid,
    gid,
    groups,
    capabilities: [],
    noNewPrivileges: true,
  };
}

export const everything: Policy = { profile: "generic", trees: [], writable: [], identities: [] };

export function configOf(config: ProcessConfig = {}): ImageConfig {
  return {
    architecture: "amd64",
    os: "linux",
    config,
    rootfs: { type: "layers", diff_ids: [] },
  };
}

export function model(
  lines: readonly Line[],
  options: { policy?: Partial<Policy>; config?: ProcessConfig; xattrs?: Xattrs } = {},
): AccessModel {
  return modelOf({
    tree: treeOf(lines, options.xattrs),
    config: configOf(options.config),
    policy: { ...everything, ...options.policy },
  });
}

/** A store in a directory of its own, and its removal. */
export async function temporaryStore(): Promise<{ store: Store; remove: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), "lithify-seal-"));
  const store = await openStore(join(directory, "store"));
  return { store, remove: () => rm(directory, { recursive: true, force: true }) };
}

/** An image of these layers, each a list of lines. */
export async function imageOf(
  store: Store,
  layers: readonly (readonly Line[])[],
  config: ProcessConfig = {},
  xattrs: Xattrs = {},
): Promise<Image> {
  const stored = [];
  for (const lines of layers) {
    stored.push(await store.writeLayer(writeTar(lines.map((line) => inputOf(line, xattrs)))));
  }
  const { rootfs: _, ...rest } = configOf(config);
  return store.writeImage({ config: rest, layers: stored });
}

export function inputOf(line: Line, xattrs: Xattrs): TarInput {
  const { type, mode, uid, gid, path, rest } = parseLine(line);
  const body = Buffer.from(rest);
  const entry: TarEntry = {
    path: path.slice(1),
    type,
    mode,
    uid,
    gid,
    size: type === "file" ? body.length : 0,
    mtime: 1_700_000_000,
    xattrs: new Map(Object.entries(xattrs[path] ?? {})),
    ...(type === "symlink" ? { target: rest } : {}),
    ...(type === "hardlink" ? { target: rest.slice(1) } : {}),
    ...(type === "character" || type === "block" ? { device: deviceOf(rest) } : {}),
  };
  return type === "file" && body.length > 0 ? { entry, body } : { entry };
}

/** `1:3` */
function deviceOf(text: string): { readonly major: number; readonly minor: number } {
  const [major = 0, minor = 0] = text.split(":").map(Number);
  return { major, minor };
}

const gateway = "/opt/ibm/datapower/drouter";

/** The echo gateway as a checkout under umask 002 gives it: group write everywhere, root:root. */
export const echoLayers: readonly (readonly Line[])[] = [
  [
    "d 0755 0:0 /etc",
    "f 0644 0:0 /etc/passwd root:x:0:0:root:/root:/bin/sh\ndrouter:x:101:0:drouter:/:/bin/sh\n",
    "f 0644 0:0 /etc/group root:x:0:\n",
    "d 0755 0:0 /bin",
    "f 0755 0:0 /bin/drouter #!",
    "d 1777 0:0 /tmp",
    "d 0755 0:0 /opt",
    "d 0755 0:0 /opt/ibm",
    "d 0755 0:0 /opt/ibm/datapower",
    `d 0755 0:0 ${gateway}`,
    `d 0775 101:0 ${gateway}/temporary`,
    `d 0775 101:0 ${gateway}/logtemp`,
    `l 0777 0:0 /drouter -> ${gateway}`,
  ],
  [
    `d 0775 0:0 ${gateway}/config`,
    `f 0664 0:0 ${gateway}/config/auto-startup.cfg top`,
    `d 0775 0:0 ${gateway}/config/echo`,
    `f 0664 0:0 ${gateway}/config/echo/echo.cfg domain`,
  ],
  [
    `d 0775 0:0 ${gateway}/local`,
    `d 0775 0:0 ${gateway}/local/echo`,
    `f 0664 0:0 ${gateway}/local/echo/echo.js script`,
  ],
];

export const echoConfig: ProcessConfig = {
  User: "drouter",
  Entrypoint: ["/bin/drouter"],
  Env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DATAPOWER_ACCEPT_LICENSE=true"],
  WorkingDir: "/",
};
