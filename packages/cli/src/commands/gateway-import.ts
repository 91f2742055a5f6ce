import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { Fault } from "@lithify/fault";
import { readOperator } from "@lithify/gateway";
import { readTar } from "@lithify/oci";
import type { CommandSpec } from "../command.ts";

/** Most bytes that the archives of all domains may unpack to, and most files in them. */
const mostBytes = 256 * 1024 * 1024;
const mostFiles = 20_000;

export const command: CommandSpec = {
  args: "<manifests...>",
  options: [
    {
      flags: "-o, --output <directory>",
      about: "where the tree goes: new or empty",
      isRequired: true,
    },
  ],
  examples: ["lithify gateway import service.yaml configmaps.yaml -o src"],
  async run(context, args, options) {
    const root = resolve(context.cwd, options.text("output") ?? "");
    if (existsSync(root) && readdirSync(root).length > 0) {
      throw new Fault("USAGE", "the output directory", {
        why: "it is not empty",
        values: { directory: root },
      });
    }
    const tree = readOperator(
      args.map((name) => ({ name, text: readManifest(context.cwd, name) })),
    );
    const files = new Map<string, string | Buffer>(tree.files);
    for (const archive of tree.archives) {
      const folder = archive.domain === "default" ? "local" : `local/${archive.domain}`;
      for (const [path, bytes] of await unpacked(archive.name, archive.bytes)) {
        files.set(`${folder}/${path}`, bytes);
      }
    }
    for (const [path, content] of files) {
      const file = join(root, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content, { flag: "wx" });
    }
    const { service, notes } = tree;
    return {
      exitCode: 0,
      document: { service, root, files: [...files.keys()].sort(), notes },
      lines: [
        ...notes.map((note) => `${context.style.warn("note")}: ${note}`),
        `${service}: ${files.size} files in ${root}`,
      ],
    };
  },
};

function readManifest(cwd: string, name: string): string {
  try {
    return readFileSync(resolve(cwd, name), "utf8");
  } catch (cause) {
    throw new Fault("USAGE", `the manifest ${name}`, { why: (cause as Error).message, cause });
  }
}

/** The regular files of a `.tar.gz`. @throws Fault CONFIG_INVALID, LIMIT_EXCEEDED, TAR_INVALID */
async function unpacked(name: string, bytes: Buffer): Promise<readonly [string, Buffer][]> {
  let archive: Buffer;
  try {
    archive = gunzipSync(bytes, { maxOutputLength: mostBytes });
  } catch (cause) {
    const why = (cause as Error).message;
    throw new Fault("CONFIG_INVALID", `cannot unpack ${name}`, { why, cause });
  }
  const files: [string, Buffer][] = [];
  for await (const { entry, body } of readTar(piecesOf(archive))) {
    if (entry.type === "directory") continue;
    const names = entry.path.split("/");
    if (entry.type !== "file" || names.includes("..")) {
      throw new Fault("CONFIG_INVALID", `cannot unpack ${name}`, {
        why: `${entry.path} is no regular file below its directory`,
      });
    }
    if (files.length >= mostFiles) {
      throw new Fault("LIMIT_EXCEEDED", `cannot unpack ${name}`, {
        why: "it holds too many files",
      });
    }
    const parts: Uint8Array[] = [];
    for await (const part of body) parts.push(Buffer.from(part));
    files.push([entry.path, Buffer.concat(parts)]);
  }
  return files;
}

async function* piecesOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}
