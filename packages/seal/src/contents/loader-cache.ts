/** Entries of a loader cache that are read at most. */
export const loaderCacheLimit = 100_000;

const magic = "glibc-ld.so.cache1.1";
const headerBytes = 48;
const entryBytes = 24;

/**
 * Which file `/etc/ld.so.cache` gives for which library, every variant of it; undefined when it is not in
 * the form of glibc 2.2 and later (sysdeps/generic/dl-cache.h, also behind a table of the older form).
 */
export function parseLoaderCache(
  bytes: Buffer,
): ReadonlyMap<string, readonly string[]> | undefined {
  const start = bytes.indexOf(magic, 0, "latin1");
  if (start === -1 || start % 4 !== 0 || bytes.length < start + headerBytes) return undefined;
  const isLittle = bytes.readUInt32LE(start + 20) < 2 ** 24;
  const long = (at: number) => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const count = long(start + 20);
  const end = start + headerBytes + count * entryBytes;
  if (count > loaderCacheLimit || end > bytes.length) return undefined;
  const found = new Map<string, string[]>();
  for (let at = start + headerBytes; at < end; at += entryBytes) {
    const name = textAt(bytes, start + long(at + 4));
    const path = textAt(bytes, start + long(at + 8));
    if (name === undefined || path === undefined) return undefined;
    const paths = found.get(name);
    if (paths === undefined) found.set(name, [path]);
    else if (!paths.includes(path)) paths.push(path);
  }
  return found;
}

function textAt(bytes: Buffer, at: number): string | undefined {
  const end = bytes.indexOf(0, at);
  if (at >= bytes.length || end === -1 || end - at > 4096) return undefined;
  return bytes.toString("utf8", at, end);
}
