import { readFileSync } from "node:fs";

/** One property of an object kind, as the catalogue has it. */
export interface CatalogueProperty {
  readonly name: string;
  /** The command word in a configuration file. */
  readonly cli?: string;
  readonly type?: "String" | "Int64" | "Bool" | "List";
  readonly elementType?: string;
  /** A complex value or a bitmap; its fields are in the catalogue's `types`. */
  readonly valueType?: string;
  readonly default?: string | number | boolean;
  readonly values?: readonly string[];
  readonly refersTo?: string;
  readonly required?: boolean;
  readonly min?: number;
  readonly max?: number;
}

/** One object kind: class name, command word, and its properties by command word. */
export interface Kind {
  readonly name: string;
  readonly alias: string;
  readonly singleton: boolean;
  readonly properties: ReadonlyMap<string, CatalogueProperty>;
}

interface CatalogueFile {
  readonly about: string;
  readonly objects: Readonly<
    Record<
      string,
      {
        readonly cli: string;
        readonly singleton?: boolean;
        readonly properties: CatalogueProperty[];
      }
    >
  >;
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
  const entry = catalogueFile().objects[name];
  if (entry === undefined) return undefined;
  const kind: Kind = {
    name,
    alias: name === "RestMgmtInterface" ? "rest-mgmt" : entry.cli,
    singleton: entry.singleton === true,
    properties: new Map(
      entry.properties.flatMap((property) =>
        property.cli === undefined ? [] : [[property.cli, property]],
      ),
    ),
  };
  kinds.set(name, kind);
  return kind;
}

/** Every command word of the catalogue. */
export function catalogueAliases(): ReadonlySet<string> {
  byAlias ??= aliasIndex();
  return new Set(byAlias.keys());
}

/** The fields of a complex value type; undefined when the name is not a value type. */
export function fieldsOfType(name: string): readonly CatalogueProperty[] | undefined {
  return catalogueFile().types[name]?.properties;
}

/** True for a value type that is a set of switches, written `A+B+C`. */
export function isBitmap(typeName: string): boolean {
  const fields = fieldsOfType(typeName);
  return fields?.every((field) => field.type === "Bool") ?? false;
}

function aliasIndex(): Map<string, string> {
  const index = new Map<string, string>();
  for (const [name, entry] of Object.entries(catalogueFile().objects)) index.set(entry.cli, name);
  for (const [alias, name] of Object.entries(aliasCorrections)) index.set(alias, name);
  return index;
}

function catalogueFile(): CatalogueFile {
  loaded ??= JSON.parse(
    readFileSync(new URL("../data/objects.json", import.meta.url), "utf8"),
  ) as CatalogueFile;
  return loaded;
}
