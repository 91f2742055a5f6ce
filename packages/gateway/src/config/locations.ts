import { existsSync } from "node:fs";
import { join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { packageFile } from "../package-file.ts";

/** The files of `store:///`, which every domain has: they come with the gateway. */
const storeDirectory = fileURLToPath(packageFile("data/store"));

/**
 * The file that a URL such as `local:///echo.js` means inside a domain, below the root of the
 * tree; undefined for a scheme without files here, or a path that would leave its directory.
 * `config:` and `local:` of the default domain are the directories themselves; other domains have
 * a folder of their own in them.
 */
export function fileOfUrl(root: string, domain: string, url: string): string | undefined {
  const match = /^([a-z]+):\/{0,3}(.*)$/i.exec(url);
  if (match === null) return undefined;
  const directories = directoriesOf(root, domain, match[1]!.toLowerCase());
  const path = normalize(`/${match[2]!.replaceAll("\\", "/")}`);
  if (match[2]!.split("/").includes("..") || path.includes("\0")) return undefined;
  const files = directories.map((directory) => join(directory, path));
  return files.length > 1 ? (files.find((file) => existsSync(file)) ?? files[0]) : files[0];
}

/** The directory behind a scheme of the gateway's file system; undefined when it has none. */
export function directoryOf(root: string, domain: string, scheme: string): string | undefined {
  const own = domain === "default" ? "" : domain;
  switch (scheme) {
    case "config":
      return join(root, "config", own);
    case "local":
      return join(root, "local", own);
    case "temporary":
      return join(root, "temporary", own);
    // a tree of its own where there is one, else below the one that may be writable
    case "logtemp":
    case "logstore":
      return existsSync(join(root, scheme))
        ? join(root, scheme, own)
        : join(root, "temporary", scheme, own);
    case "store":
      return storeDirectory;
    default:
      return secureDirectories(root, domain, scheme)[0];
  }
}

/** Every directory that may hold the files of a scheme; the first one that has a file counts. */
function directoriesOf(root: string, domain: string, scheme: string): readonly string[] {
  const secure = secureDirectories(root, domain, scheme);
  if (secure.length > 0) return secure;
  const directory = directoryOf(root, domain, scheme);
  return directory === undefined ? [] : [directory];
}

/**
 * Where keys and certificates lie: in the tree itself, in `secure/` of it (older images), or in
 * `root/secure/` beside it (`/root/secure`, `/opt/ibm/datapower/root/secure`). Those of the default
 * domain may have a folder of their own.
 */
function secureDirectories(root: string, domain: string, scheme: string): readonly string[] {
  const bases = [root, join(root, "secure"), join(root, "../root/secure")];
  switch (scheme) {
    case "cert": {
      const own = domain === "default" ? ["", "default"] : [domain];
      return bases.flatMap((base) => own.map((folder) => join(base, "usrcerts", folder)));
    }
    case "sharedcert":
      return bases.map((base) => join(base, "sharedcerts"));
    case "pubcert":
      return bases.map((base) => join(base, "pubcerts"));
    default:
      return [];
  }
}

/** True when the URL means a file that is there. */
export function urlExists(root: string, domain: string, url: string): boolean {
  const file = fileOfUrl(root, domain, url);
  return file !== undefined && existsSync(file);
}
