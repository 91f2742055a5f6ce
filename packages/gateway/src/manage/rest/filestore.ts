import { lstatSync, readdirSync, readFileSync, realpathSync, type Stats } from "node:fs";
import { join, sep } from "node:path";
import { directoryOf } from "../../config/locations.ts";
import type { ManagedInstance } from "../instance.ts";
import {
  failure,
  href,
  immutable,
  links,
  notFound,
  oneOrMany,
  type RestAnswer,
  type RestRequest,
  success,
} from "./rest-answer.ts";

/** Directories of a domain that can be looked into. Keys are listed, their content is not given. */
const schemes = ["cert", "config", "local", "logtemp", "sharedcert", "temporary"] as const;
const withoutContent: ReadonlySet<string> = new Set(["cert", "sharedcert"]);

/** Largest file that is given, in bytes, and most entries of one directory. */
const largestFile = 16 * 1024 * 1024;
const mostEntries = 10_000;

/**
 * `/mgmt/filestore/{domain}/{directory}/…`: reading only. A path that would leave its directory, also
 * by a symbolic link, is not there.
 */
export function answerFilestore(instance: ManagedInstance, request: RestRequest): RestAnswer {
  const { path, segments, method, account } = request;
  const [, domain, scheme, ...rest] = segments;
  if (account.level !== "privileged") return notFound(path);
  if (domain === undefined) return success(links("/mgmt/filestore/", "/mgmt/docs/filestore"));
  if (!instance.configuration().domains.has(domain)) return notFound(path);
  if (scheme === undefined) {
    const location = schemes.map((each) => ({
      name: `${each}:`,
      href: href("filestore", domain, each),
    }));
    const self = links(href("filestore", domain), "/mgmt/docs/filestore");
    return success({ ...self, filestore: { location } });
  }
  if (!schemes.some((each) => each === scheme)) return notFound(path);
  if (method !== "GET") return immutable(path, "A change of the file store");
  const top = directoryOf(instance.root, domain, scheme);
  if (top === undefined) return notFound(path);
  const place = insidePath(top, rest);
  if (place === undefined) return notFound(path);
  const self = links(href("filestore", domain, scheme, ...rest), "/mgmt/docs/filestore");
  if (place.stat.isDirectory()) {
    const location = directoryForm(
      place.path,
      domain,
      scheme,
      rest,
      foreign(instance, domain, rest),
    );
    return success({ ...self, filestore: { location } });
  }
  if (withoutContent.has(scheme)) return failure(403, path, "The content of keys is not given.");
  if (place.stat.size > largestFile) return failure(413, path, "The file is larger than 16 MiB.");
  try {
    return success({ ...self, file: readFileSync(place.path).toString("base64") });
  } catch {
    return notFound(path);
  }
}

/** In the default domain `config:` and `local:` hold the folders of the other domains too. */
function foreign(
  instance: ManagedInstance,
  domain: string,
  rest: readonly string[],
): ReadonlySet<string> {
  const isTop = domain === "default" && rest.length === 0;
  return new Set(isTop ? instance.configuration().domains.keys() : []);
}

/** The regular file or directory at this path; undefined when it is elsewhere or not there. */
function insidePath(
  top: string,
  rest: readonly string[],
): { readonly path: string; readonly stat: Stats } | undefined {
  if (rest.some((name) => name === "" || name === "." || name === ".." || /[/\\\0]/.test(name))) {
    return undefined;
  }
  try {
    const real = realpathSync(join(top, ...rest));
    const home = realpathSync(top);
    if (real !== home && !real.startsWith(home + sep)) return undefined;
    const stat = lstatSync(real);
    return stat.isFile() || stat.isDirectory() ? { path: real, stat } : undefined;
  } catch {
    return undefined;
  }
}

function directoryForm(
  path: string,
  domain: string,
  scheme: string,
  rest: readonly string[],
  hidden: ReadonlySet<string>,
): Record<string, unknown> {
  const files: object[] = [];
  const directories: object[] = [];
  for (const name of readdirSync(path).sort().slice(0, mostEntries)) {
    const stat = lstatSync(join(path, name), { throwIfNoEntry: false });
    const at = href("filestore", domain, scheme, ...rest, name);
    if (stat?.isDirectory() === true && !hidden.has(name)) {
      directories.push({ name: `${scheme}:/${[...rest, name].join("/")}`, href: at });
    } else if (stat?.isFile() === true) {
      const modified = stat.mtime.toISOString().replace("T", " ").slice(0, 19);
      files.push({ name, size: stat.size, modified, href: at });
    }
  }
  const [file, directory] = [oneOrMany(files), oneOrMany(directories)];
  return {
    name: `${scheme}:${rest.length === 0 ? "" : `/${rest.join("/")}`}`,
    ...(file === undefined ? {} : { file }),
    ...(directory === undefined ? {} : { directory }),
  };
}
