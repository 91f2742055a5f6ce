import { readTar } from "@lithify/oci";
import { Draft } from "../copy/draft.ts";
import { type Content, type LayerEntry, nameOf, noXattrs } from "../layer/entry.ts";
import { FileIndex } from "../layer/file-index.ts";
import { layerEntry } from "../layer/normalise.ts";
import type { Spool } from "../layer/spool.ts";
import { applets } from "./applets.ts";
import { putText } from "./layout.ts";
import { outputOf, runProgram } from "./program.ts";

/** What the image has no use for: documentation (copyright notices stay), translations, converters, tools. */
const dropped = [
  /^usr\/share\/doc\/.*\/(?!copyright$)[^/]+$/,
  /^usr\/share\/(?:man|locale|info|lintian|bug|gdb|gcc|base-files|initramfs-tools|common-licenses)(?:\/|$)/,
  /^usr\/share\/ca-certificates(?:\/|$)/,
  /^usr\/lib\/[^/]+\/(?:gconv|audit)(?:\/|$)/,
  /^usr\/sbin\/update-ca-certificates$/,
  /^usr\/lib\/(?:debian-installer|systemd)(?:\/|$)/,
  /^usr\/share\/doc\/[^/]+\/examples(?:\/|$)/,
  /^var\/(?:local|lock|mail|backups|tmp)$/,
  /^etc\/(?:update-motd\.d|dpkg|ca-certificates)(?:\/|$)/,
];

/** The rules above as text, for the cache's key. */
export const droppedFiles: readonly string[] = dropped.map((rule) => rule.source);

const certificate = /^usr\/share\/ca-certificates\/.*\.crt$/;
const root = { uid: 0, gid: 0 };

/**
 * The files of packages, read from their archives without unpacking them, with what their installation would
 * add: the bundle of certificates, busybox's applets as links, and a note of each package for scanners.
 */
export async function packageLayer(
  files: readonly string[],
  spool: Spool,
  signal: AbortSignal | undefined,
): Promise<Iterable<LayerEntry>> {
  const options = signal === undefined ? {} : { signal };
  const draft = new Draft(new FileIndex(), { file: "packages", line: 1 });
  const certificates = new Map<string, Content>();
  for (const file of files) {
    const archive = outputOf("dpkg-deb", ["--fsys-tarfile", file], options);
    await addPackage(draft, certificates, archive, spool);
    await noteOfPackage(draft, file, options);
  }
  await bundle(draft, certificates);
  for (const name of applets) link(draft, `bin/${name}`, "busybox");
  link(draft, "usr/bin/env", "/bin/busybox");
  return draft.entries;
}

async function addPackage(
  draft: Draft,
  certificates: Map<string, Content>,
  archive: AsyncIterable<Uint8Array>,
  spool: Spool,
): Promise<void> {
  const made = new Map<string, Content>();
  for await (const { entry, body } of readTar(archive)) {
    const isCertificate = certificate.test(entry.path);
    const isDropped = dropped.some((rule) => rule.test(entry.path));
    if (entry.path === "" || (isDropped && !isCertificate)) continue;
    const linked = entry.type === "hardlink" ? made.get(entry.target ?? "") : undefined;
    const content =
      linked ?? (entry.type === "file" ? await spool.add(body, entry.size) : undefined);
    if (content !== undefined) made.set(entry.path, content);
    if (isCertificate && content !== undefined) certificates.set(entry.path, content);
    else put(draft, layerEntry(linked ? { ...entry, type: "file" } : entry, content));
  }
}

/** A directory that is there already keeps what an earlier package gave it. */
function put(draft: Draft, entry: LayerEntry): void {
  if (entry.type === "directory" && draft.isDirectory(draft.resolve(entry.path))) return;
  draft.putThroughLinks(entry);
}

/** Where distroless images keep it too: scanners read the package's name and version there. */
async function noteOfPackage(
  draft: Draft,
  file: string,
  options: { readonly signal?: AbortSignal },
): Promise<void> {
  const control = await runProgram("dpkg-deb", ["--field", file], options);
  if (control.answer === "failed") return;
  const name = nameOf(file).split("_")[0] ?? "";
  putText(draft, `var/lib/dpkg/status.d/${name}`, control.stdout);
}

async function bundle(draft: Draft, certificates: ReadonlyMap<string, Content>): Promise<void> {
  let text = "";
  for (const path of [...certificates.keys()].sort()) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of certificates.get(path)?.open() ?? []) chunks.push(chunk);
    text += `${Buffer.concat(chunks).toString("latin1").trimEnd()}\n`;
  }
  putText(draft, "etc/ssl/certs/ca-certificates.crt", text);
}

function link(draft: Draft, path: string, target: string): void {
  draft.putThroughLinks({
    ...{ path, type: "symlink", mode: 0o777, ...root, size: 0, target, xattrs: noXattrs },
  });
}
