import { readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { Fault, isFault } from "@lithify/fault";
import { fileOfUrl, urlExists } from "./locations.ts";
import type { ConfigDomain, Configuration, Origin, Problem, SkippedText } from "./model.ts";
import { closedTable, type OpenObject } from "./object-table.ts";
import { readConfiguration } from "./reader.ts";
import type { ReaderContext } from "./reader-context.ts";

/** Largest configuration file that is read, in bytes. */
const largestFile = 64 * 1024 * 1024;
/** Deepest chain of `exec`. */
const deepestExec = 16;

/**
 * Loads the tree below `root`: the default domain from `config/auto-startup.cfg` (or
 * `config/autoconfig.cfg`) and `config/auto-user.cfg`, then each domain that it declares from
 * `config/<name>/<name>.cfg`. A file that cannot be read keeps its domain down and is a problem
 * in the result; a broken startup file keeps everything down, since it declares the domains.
 * Throws CONFIG_MISSING when there is no startup file at all.
 */
export function loadConfiguration(root: string): Configuration {
  const startup = ["auto-startup.cfg", "autoconfig.cfg"].find((name) =>
    isFile(join(root, "config", name)),
  );
  if (startup === undefined) {
    throw new Fault("CONFIG_MISSING", `cannot load a configuration from ${root}`, {
      why: "there is neither config/auto-startup.cfg nor config/autoconfig.cfg",
      values: { root },
    });
  }
  const problems: Problem[] = [];
  const domains = new Map<string, ConfigDomain>();
  const first = new DomainLoader(root, "default", problems);
  first.read(join(root, "config", startup), { file: `config/${startup}`, line: 1 });
  const users = join(root, "config", "auto-user.cfg");
  if (isFile(users)) first.read(users, { file: `config/${startup}`, line: 1 });
  const defaultDomain = first.finish();
  domains.set("default", defaultDomain);
  for (const object of defaultDomain.objects.values()) {
    if (object.kind !== "Domain" || object.name === "default" || !object.enabled) continue;
    const loader = new DomainLoader(root, object.name, problems);
    if (!/^[A-Za-z0-9_.-]+$/.test(object.name) || object.name.startsWith(".")) {
      loader.refuse(object.origin, `domain name "${object.name}" is not a name`);
    } else if (importsConfiguration(object.lines)) {
      loader.refuse(object.origin, `domain "${object.name}" imports its configuration`);
    } else {
      loader.read(join(root, "config", object.name, configFile(object)), object.origin);
    }
    domains.set(object.name, loader.finish(defaultDomain.whole));
  }
  return { root, domains, problems };
}

/**
 * Loads one configuration file by itself, as one domain. What it executes is not followed, and
 * `isfile` is never true. Throws CONFIG_MISSING when there is no such file.
 */
export function loadConfigurationFile(file: string, domain = "default"): Configuration {
  if (!isFile(file)) {
    throw new Fault("CONFIG_MISSING", `cannot load the configuration ${file}`, {
      why: "there is no such file",
    });
  }
  const problems: Problem[] = [];
  const loader = new DomainLoader(dirname(file), domain, problems, true);
  loader.read(file, { file: basename(file), line: 1 });
  const domains = new Map([[domain, loader.finish()]]);
  return { root: dirname(file), single: true, domains, problems };
}

/** Reads the files of one domain into one table, each file once. */
class DomainLoader {
  readonly #root: string;
  readonly #domain: string;
  readonly #alone: boolean;
  readonly #problems: Problem[];
  readonly #table = new Map<string, OpenObject>();
  readonly #skipped: SkippedText[] = [];
  readonly #files: string[] = [];
  readonly #executed = new Set<string>();
  #whole = true;
  #depth = 0;

  constructor(root: string, domain: string, problems: Problem[], alone = false) {
    this.#root = root;
    this.#alone = alone;
    this.#domain = domain;
    this.#problems = problems;
  }

  /** Reads a file unless it was read before. What goes wrong becomes a problem of the domain. */
  read(path: string, origin: Origin): void {
    const file = relative(this.#root, path);
    if (this.#files.includes(file)) return;
    if (this.#depth >= deepestExec) {
      this.refuse(origin, `exec is nested deeper than ${deepestExec}`);
      return;
    }
    this.#files.push(file);
    this.#depth++;
    try {
      const faults = readConfiguration(readText(path, file), file, this.#context());
      for (const fault of faults) this.refuse(fault.place ?? origin, fault.message, fault);
    } catch (error) {
      if (!isFault(error)) throw error;
      this.refuse(error.place ?? origin, error.message, error);
    } finally {
      this.#depth--;
    }
  }

  /** Records why nothing of this domain can be served. */
  refuse(origin: Origin, message: string, fault?: Fault): void {
    this.#whole = false;
    const object = fault?.values?.object;
    this.#problems.push({
      severity: "error",
      scope: "domain",
      domain: this.#domain,
      origin,
      message,
      ...(typeof object === "string" && object !== "" ? { object } : {}),
      ...(fault === undefined ? {} : { fault }),
    });
  }

  /** The domain as read. `parentWhole` is false when the file that declares it is broken. */
  finish(parentWhole = true): ConfigDomain {
    this.#executeIncluded();
    return {
      name: this.#domain,
      files: this.#files,
      objects: closedTable(this.#table),
      skipped: this.#skipped,
      whole: this.#whole && parentWhole,
    };
  }

  /** Files of `include-config` that nothing executed; saved files have both, and run once. */
  #executeIncluded(): void {
    for (const object of [...this.#table.values()]) {
      if (object.kind !== "IncludeConfig" || !object.enabled) continue;
      const automatic = object.lines.findLast(({ name }) => name === "auto-execute");
      const line = object.lines.findLast(({ name }) => name === "config-url");
      const url = line?.arguments[0];
      if (url === undefined || automatic?.negated === true) continue;
      this.#execute(url, line?.origin ?? object.origin);
    }
  }

  #context(): ReaderContext {
    return {
      domain: this.#domain,
      table: this.#table,
      problems: this.#problems,
      skipped: this.#skipped,
      fileExists: (url) => !this.#alone && urlExists(this.#root, this.#domain, url),
      execute: (url, origin) => this.#execute(url, origin),
    };
  }

  /**
   * Saved startup files often execute files that were never copied along, so in the default domain
   * that is a warning; in a domain that serves, the file may hold part of a policy.
   */
  #execute(url: string, origin: Origin): void {
    const path = fileOfUrl(this.#root, this.#domain, url);
    const key = path ?? url;
    if (this.#alone || this.#executed.has(key)) return;
    this.#executed.add(key);
    if (path !== undefined && isFile(path)) {
      this.read(path, origin);
      return;
    }
    const message = `cannot execute ${url}: no such file`;
    if (this.#domain !== "default") {
      this.refuse(origin, message);
      return;
    }
    const domain = this.#domain;
    this.#problems.push({ severity: "warning", scope: "object", domain, origin, message });
  }
}

function readText(path: string, file: string): string {
  const what = `cannot read ${file}`;
  let bytes: Buffer;
  try {
    if (statSync(path).size > largestFile) {
      throw new Fault("CONFIG_INVALID", what, { why: "the file is larger than 64 MiB" });
    }
    bytes = readFileSync(path);
  } catch (cause) {
    if (isFault(cause)) throw cause;
    const why = (cause as NodeJS.ErrnoException).code === "ENOENT" ? "no such file" : String(cause);
    throw new Fault("CONFIG_INVALID", what, { why, cause });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", what, { why: "the file is not UTF-8 text", cause });
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function configFile(object: {
  readonly name: string;
  readonly lines: readonly { name: string; arguments: readonly string[] }[];
}): string {
  const line = object.lines.findLast((candidate) => candidate.name === "config-file");
  const name = line?.arguments[0];
  return name === undefined || name === "" || name.includes("/") ? `${object.name}.cfg` : name;
}

function importsConfiguration(
  lines: readonly { name: string; arguments: readonly string[] }[],
): boolean {
  return lines.some((line) => line.name === "config-mode" && line.arguments[0] === "import");
}
