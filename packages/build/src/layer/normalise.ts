import { Fault } from "@lithify/fault";
import { readTar, type TarEntry } from "@lithify/oci";
import { type Content, type LayerEntry, noXattrs } from "./entry.ts";
import type { Spool } from "./spool.ts";

/** Objects that one RUN may change. */
export const maximumChanges = 1_000_000;

/**
 * The changes that a RUN made, as entries for `writeLayer`: file contents put aside in the spool, hard links
 * known by shared content. Whiteouts keep their OCI form; the root directory itself is left out.
 */
export async function entriesFromChanges(
  changes: AsyncIterable<Uint8Array>,
  spool: Spool,
): Promise<readonly LayerEntry[]> {
  const entries = new Map<string, LayerEntry>();
  const links: TarEntry[] = [];
  for await (const { entry, body } of readTar(changes)) {
    if (entries.size + links.length >= maximumChanges)
      throw new Fault("LIMIT_EXCEEDED", "the changes of a RUN", {
        values: { limit: maximumChanges },
      });
    if (entry.path === "" || entry.path === ".") continue;
    if (entry.type === "hardlink") links.push(entry);
    else if (entry.type === "file")
      entries.set(entry.path, layerEntry(entry, await spool.add(body, entry.size)));
    else if (entry.type !== "socket") entries.set(entry.path, layerEntry(entry, undefined));
  }
  for (const link of links) {
    const target = entries.get(link.target ?? "");
    if (target === undefined)
      throw new Fault("STEP_FAILED", `the hard link /${link.path}`, {
        why: `its other name /${link.target} is not among the changes`,
      });
    entries.set(link.path, { ...target, path: link.path });
  }
  return [...entries.values()];
}

/** A tar entry that is no hard link, without its times and names of owners. */
export function layerEntry(entry: TarEntry, content: Content | undefined): LayerEntry {
  const { path, type, mode, uid, gid, size, target, device, xattrs } = entry;
  if (type === "hardlink") throw new Fault("INTERNAL", "a hard link where none can be");
  return {
    ...{ path, type, mode, uid, gid, size, xattrs: xattrs ?? noXattrs },
    ...(target === undefined ? {} : { target }),
    ...(device === undefined ? {} : { device }),
    ...(content === undefined ? {} : { content }),
  };
}
