import { existsSync } from "node:fs";
import { join, normalize } from "node:path";

/**
 * The file that a URL such as `local:///echo.js` means inside a domain, below the root of the
 * tree; undefined for a scheme without files here, or a path that would leave its directory.
 * `config:` and `local:` of the default domain are the directories themselves; other domains have
 * a folder of their own in them.
 */
export function fileOfUrl(root: string, domain: string, url: string): string | undefined {
  const match = /^([a-z]+):\/{0,3}(.*)$/i.exec(url);
  if (match === null) return undefined;
  const directory = directoryOf(root, domain, match[1]!.toLowerCase());
  if (directory === undefined) return undefined;
  const path = normalize(`/${match[2]!.replaceAll("\\", "/")}`);
  return match[2]!.split("/").includes("..") || path.includes("\0")
    ? undefined
    : join(directory, path);
}

/** The directory behind a scheme of the gateway's file system; undefined when it has none. */
export function directoryOf(root: string, domain: string, scheme: string): string | undefined {
  const own = domain === "default" ? "" : domain;
  switch (scheme) {
    case "config":
      return join(root, "config", own);
    case "local":
      return join(root, "local", own);
    case "cert":
      return join(root, "usrcerts", own);
    case "sharedcert":
      return join(root, "sharedcerts");
    case "temporary":
      return join(root, "temporary", own);
    default:
      return undefined;
  }
}

/** True when the URL means a file that is there. */
export function urlExists(root: string, domain: string, url: string): boolean {
  const file = fileOfUrl(root, domain, url);
  return file !== undefined && existsSync(file);
}
