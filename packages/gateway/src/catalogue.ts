import { readFileSync } from "node:fs";
import type { CatalogueProperty, KindEntry } from "./catalogue-entry.ts";
import { olderKinds } from "./catalogue-older.ts";
import { packageFile } from "./package-file.ts";

/** One object kind: class name, command word, and its properties by command word. */
export interface Kind {
  readonly name: string;
  readonly alias: string;
  readonly singleton: boolean;
  /** Path of the class in the REST management interface; absent for kinds of older firmware. */
  readonly rest?: string;
  readonly properties: ReadonlyMap<string, CatalogueProperty>;
}

interface CatalogueFile {
  readonly about: string;
  readonly objects: Readonly<Record<string, KindEntry>>;
  readonly types: Readonly<Record<string, { readonly properties: CatalogueProperty[] }>>;
}

/** Command words that the catalogue lacks, gives twice, or that are a second door to one class. */
const aliasCorrections: Readonly<Record<string, string>> = {
  "xml-manager": "XMLManager",
  "rest-mgmt": "RestMgmtInterface",
  "xml-mgmt": "MgmtInterface",
  http: "XMLFirewallService",
};

let loaded: CatalogueFile | undefined;
let byAlias: Map<string, string> | undefined;
let aliases: ReadonlySet<string> | undefined;
const kinds = new Map<string, Kind>();

/** The kind that a command word opens; undefined for words that the catalogue does not have. */
export function kindOfAlias(alias: string): Kind | undefined {
  byAlias ??= aliasIndex();
  const name = byAlias.get(alias);
  return name === undefined ? undefined : kindNamed(name);
}

/** The kind with this class name, such as `MultiProtocolGateway`. */
export function kindNamed(name: string): Kind | undefined {
  const known = kinds.get(name);
  if (known !== undefined) return known;
  const entry = entryOf(name);
  if (entry === undefined) return undefined;
  const kind: Kind = {
    name,
    alias: name === "RestMgmtInterface" ? "rest-mgmt" : entry.cli,
    singleton: entry.singleton === true,
    ...(entry.rest === undefined ? {} : { rest: entry.rest }),
    properties: new Map(
      entry.properties.flatMap((property) =>
        property.cli === undefined ? [] : [[property.cli, property]],
      ),
    ),
  };
  kinds.set(name, kind);
  return kind;
}

/** Every class name of the catalogue, without the kinds of older firmware. */
export function kindNames(): readonly string[] {
  return Object.keys(catalogueFile().objects);
}

/** Every command word of the catalogue. */
export function catalogueAliases(): ReadonlySet<string> {
  byAlias ??= aliasIndex();
  aliases ??= new Set(byAlias.keys());
  return aliases;
}

/** The fields of a complex value type; undefined when the name is not a value type. */
export function fieldsOfType(name: string): readonly CatalogueProperty[] | undefined {
  const { types } = catalogueFile();
  return Object.hasOwn(types, name) ? types[name]!.properties : undefined;
}

/** True for a value type that is a set of switches, written `A+B+C`. */
export function isBitmap(typeName: string): boolean {
  const fields = fieldsOfType(typeName);
  return fields?.every((field) => field.type === "Bool") ?? false;
}

function aliasIndex(): Map<string, string> {
  const index = new Map<string, string>();
  for (const [name, entry] of Object.entries(catalogueFile().objects)) index.set(entry.cli, name);
  for (const [name, entry] of Object.entries(olderKinds)) index.set(entry.cli, name);
  for (const [alias, name] of Object.entries(aliasCorrections)) index.set(alias, name);
  return index;
}

function entryOf(name: string): KindEntry | undefined {
  const { objects } = catalogueFile();
  if (Object.hasOwn(objects, name)) return objects[name];
  return Object.hasOwn(olderKinds, name) ? olderKinds[name] : undefined;
}

function catalogueFile(): CatalogueFile {
  loaded ??= JSON.parse(readFileSync(packageFile("data/objects.json"), "utf8")) as CatalogueFile;
  return loaded;
}
