import { randomBytes } from "node:crypto";
import { Fault } from "@lithify/fault";
import { parseAllDocuments } from "yaml";
import { sha256Crypt } from "../config/password-hash.ts";
import { quoted } from "../print/words.ts";

/** One file with Kubernetes objects, as YAML or JSON. */
export interface ManifestFile {
  readonly name: string;
  readonly text: string;
}

/** The configuration tree of an operator's `DataPowerService`. */
export interface OperatorTree {
  readonly service: string;
  /** Texts by their path below the root of the tree. */
  readonly files: ReadonlyMap<string, string>;
  /** `.tar.gz` files, to be unpacked into `local/` of their domain. */
  readonly archives: readonly {
    readonly domain: string;
    readonly name: string;
    readonly bytes: Buffer;
  }[];
  /** What could not be brought along, one sentence each. */
  readonly notes: readonly string[];
}

/** Largest file of manifests, in bytes. */
const largestManifest = 64 * 1024 * 1024;

type Data = Readonly<Record<string, unknown>>;

/**
 * Reads a `DataPowerService` (datapower.ibm.com) and the ConfigMaps that its domains name: their
 * `.cfg` files are executed in order, as the operator does. Users get the passwords of their
 * Secrets where those are among the files. Throws CONFIG_INVALID for what cannot be read, or when
 * there is not exactly one service; ConfigMaps that are missing are an error, Secrets a note.
 */
export function readOperator(files: readonly ManifestFile[]): OperatorTree {
  const objects = files.flatMap(objectsOf);
  const services = objects.filter(({ kind }) => kind === "DataPowerService");
  const [service] = services;
  if (service === undefined || services.length > 1) {
    throw invalid(`there are ${services.length} objects of kind DataPowerService, not one`);
  }
  const reader = new Reader(objects);
  reader.read(service);
  return reader.tree(nameOf(service));
}

class Reader {
  readonly #objects: readonly Data[];
  readonly #files = new Map<string, string>();
  readonly #archives: { domain: string; name: string; bytes: Buffer }[] = [];
  readonly #notes: string[] = [];

  constructor(objects: readonly Data[]) {
    this.#objects = objects;
  }

  read(service: Data): void {
    const spec = record(service.spec);
    const domains = list(spec.domains).map(record);
    const startup = ["top; configure terminal;\n"];
    for (const domain of domains) startup.push(this.#domain(domain));
    const users = list(spec.users).map((user) => this.#user(record(user)));
    this.#files.set("config/auto-startup.cfg", startup.filter((text) => text !== "").join("\n"));
    this.#files.set("config/auto-user.cfg", ["top; configure terminal;\n", ...users].join("\n"));
    for (const { name } of list(spec.env).map(record)) {
      this.#notes.push(
        `the environment variable ${String(name)} of the service is not in the tree`,
      );
    }
    if (spec.initCmds !== undefined) this.#notes.push("initCmds are not brought along");
  }

  tree(service: string): OperatorTree {
    return { service, files: this.#files, archives: this.#archives, notes: this.#notes };
  }

  /** Writes the files of a domain; gives its statements of the startup file. */
  #domain(domain: Data): string {
    const name = String(domain.name ?? "");
    if (!/^[\w-][\w.-]{0,127}$/.test(name)) throw invalid(`"${name}" is no name of a domain`);
    const { config, local } = record(domain.dpApp);
    const folder = name === "default" ? "config" : `config/${name}`;
    const executed: string[] = [];
    for (const map of list(config).map(String)) {
      for (const [key, text] of this.#texts(map)) {
        this.#files.set(`${folder}/${key}`, text);
        executed.push(`exec "config:///${key}"\n`);
      }
    }
    for (const map of list(local).map(String)) this.#local(name, map);
    for (const cert of list(domain.certs).map(record)) {
      const where = cert.certType === "sharedcerts" ? "sharedcerts/" : `usrcerts/${name}/`;
      this.#notes.push(`the secret ${String(cert.secret)} has to be mounted at ${where}`);
    }
    if (name === "default") return executed.join("");
    this.#files.set(`${folder}/${name}.cfg`, ["top; configure terminal;\n", ...executed].join(""));
    return `domain ${quoted(name)}\n  visible-domain default\nexit\n`;
  }

  #local(domain: string, map: string): void {
    const { data, binaryData } = this.#find("ConfigMap", map);
    for (const [key, value] of Object.entries(record(binaryData))) {
      checkKey(key);
      const bytes = Buffer.from(String(value), "base64");
      if (!/\.(?:tar\.gz|tgz)$/.test(key)) throw invalid(`${key} of ${map} is no .tar.gz`);
      this.#archives.push({ domain, name: `${map}/${key}`, bytes });
    }
    const folder = domain === "default" ? "local" : `local/${domain}`;
    for (const [key, value] of Object.entries(record(data))) {
      checkKey(key);
      this.#files.set(`${folder}/${key}`, String(value));
    }
  }

  #texts(map: string): [string, string][] {
    const { data } = this.#find("ConfigMap", map);
    return Object.entries(record(data)).map(([key, value]) => {
      checkKey(key);
      return [key, String(value)];
    });
  }

  #user(user: Data): string {
    const name = String(user.name ?? "");
    const secret = String(user.passwordSecret ?? "");
    const password = this.#password(secret);
    if (password === undefined) {
      this.#notes.push(`the user ${name} is left out: its secret ${secret} is not among the files`);
      return "";
    }
    const hash = sha256Crypt(password, randomBytes(12).toString("base64url").slice(0, 16));
    const level = String(user.accessLevel ?? "group-defined");
    return `user ${quoted(name)}\n  password-hashed ${quoted(hash ?? "")}\n  access-level ${quoted(level)}\nexit\n`;
  }

  #password(secret: string): string | undefined {
    const found = this.#objects.find((each) => each.kind === "Secret" && nameOf(each) === secret);
    if (found === undefined) return undefined;
    const plain = record(found.stringData).password;
    if (typeof plain === "string") return plain;
    const encoded = record(found.data).password;
    return typeof encoded === "string" ? Buffer.from(encoded, "base64").toString() : undefined;
  }

  #find(kind: string, name: string): Data {
    const found = this.#objects.find((each) => each.kind === kind && nameOf(each) === name);
    if (found === undefined) throw invalid(`the ${kind} ${name} is not among the files`);
    return found;
  }
}

/** Every object of a file; those of a List one by one. */
function objectsOf({ name, text }: ManifestFile): Data[] {
  if (text.length > largestManifest) throw invalid(`${name} is larger than 64 MiB`);
  return parseAllDocuments(text).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw invalid(`${name}: ${error.message.split("\n")[0]}`);
    const object = record(document.toJS({ maxAliasCount: 100 }));
    return object.kind === "List" ? list(object.items).map(record) : [object];
  });
}

function nameOf(object: Data): string {
  return String(record(object.metadata).name ?? "");
}

/** Keys of a ConfigMap become names of files. */
function checkKey(key: string): void {
  if (!/^[\w-][\w.-]{0,252}$/.test(key)) throw invalid(`"${key}" is no name of a file`);
}

function record(value: unknown): Data {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Data)
    : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function invalid(why: string): Fault {
  return new Fault("CONFIG_INVALID", "cannot read the operator's objects", { why });
}
