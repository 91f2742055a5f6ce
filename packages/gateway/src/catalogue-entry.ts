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
  /** Longest text, in characters. */
  readonly maxLength?: number;
}

/** A kind as the catalogue file writes it. */
export interface KindEntry {
  readonly cli: string;
  readonly rest?: string;
  readonly singleton?: boolean;
  readonly properties: readonly CatalogueProperty[];
}
